package lmake.command;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import lmake.base.Crc;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import lmake.graph.RunRecord;
import lmake.report.Buildable;
import lmake.report.Color;
import lmake.report.DepTable;
import lmake.report.Disk;
import lmake.report.InfoTable;
import lmake.report.Jobs;
import lmake.report.Line;
import lmake.report.Notes;
import lmake.report.Porcelaine;
import lmake.report.Printable;
import lmake.report.Stderr;
import lmake.report.TargetTable;

/** The kinds of {@code lshow} that are about the last run of one job. */
final class JobView {
  private final Site site;
  private final Jobs jobs;
  private final Graph graph;
  private final String key;
  private final boolean verbose;
  private final boolean porcelaine;
  private final Disk disk;

  JobView(Context context, Jobs jobs) {
    this.site = context.site();
    this.jobs = jobs;
    this.graph = jobs.graph();
    this.key = context.options().key();
    this.verbose = context.options().has("--verbose");
    this.porcelaine = context.options().has("--porcelaine");
    this.disk = context.disk();
  }

  /** True when the job was ever run to its end. */
  boolean knows(int job) {
    if (key.equals("--deps") && graph.deps(job).size() > 0) return true;
    if (key.equals("--targets") && graph.targets(job).size() > 0) return true;
    return site.run(job).isPresent() || !graph.status(job).mustRun();
  }

  /**
   * @param file the file asked about, "" when the job was named
   */
  Answer of(int job, String file) {
    if (key.equals("--deps")) return deps(job, file);
    if (key.equals("--targets")) {
      TargetTable table = new TargetTable(jobs, job, verbose);
      return Answer.table(table.lines(), table.literal());
    }
    Optional<RunRecord> run = site.run(job);
    boolean neverStarted = run.isPresent() && run.get().ordered().argv().isEmpty() && !key.equals("--info");
    if (run.isEmpty() || neverStarted) return missing(job);
    return switch (key) {
      case "--cmd" -> command(run.get());
      case "--env" -> environ(run.get());
      case "--info" -> info(job, file, run.get());
      case "--stderr" -> stderr(run.get());
      case "--stdout" -> stdout(run.get());
      default -> Answer.none(List.of(Line.of("no trace kept")));
    };
  }

  /** What {@code -i} says of a file that no job makes. */
  Answer special(String file) {
    List<Line> lines = new ArrayList<>();
    Map<String, Object> dict = new LinkedHashMap<>();
    String special = jobs.isSource(file) ? "src" : jobs.book().manifest().leadsToSource(file) ? "anti" : "";
    int node = graph.findNode(file);
    boolean checksum = verbose && node != 0 && graph.crc(node) != Crc.UNKNOWN;
    String pad = checksum ? " " : "";
    if (!special.isEmpty()) {
      lines.add(Line.of("special" + pad + " : " + special));
      dict.put("special", special);
    }
    if (checksum) {
      lines.add(Line.of("checksum : " + Crc.show(graph.crc(node))));
      dict.put("checksum", Crc.show(graph.crc(node)));
    }
    return Answer.withoutJob(lines, dict);
  }

  private Answer missing(int job) {
    return Answer.unavailable(
        Line.of("no " + key.substring(2) + " available for job ").name(jobs.name(job)), "");
  }

  private static Answer command(RunRecord run) {
    String text = run.ordered().argv().get(run.ordered().argv().size() - 1);
    return Answer.text(raw(Printable.bytes(text)), text);
  }

  private static Answer environ(RunRecord run) {
    Map<String, String> sorted = new LinkedHashMap<>();
    for (String first : List.of("UID", "USER")) {
      if (run.ordered().environ().containsKey(first)) sorted.put(first, run.ordered().environ().get(first));
    }
    new TreeMap<>(run.ordered().environ()).forEach(sorted::putIfAbsent);
    int width = sorted.keySet().stream().mapToInt(String::length).max().orElse(0);
    List<Line> lines = new ArrayList<>();
    sorted.forEach((name, value) -> lines.add(Line.of(name + " ".repeat(width - name.length()) + " : " + value)));
    return Answer.table(lines, sorted);
  }

  private Answer stderr(RunRecord run) {
    String text = text(run.outcome().stderr());
    if (!verbose) return Answer.text(raw(run.outcome().stderr()), text);
    String start = run.outcome().pid() > 0 ? "pid:" + run.outcome().pid() : "";
    List<Line> lines = new ArrayList<>();
    if (!start.isEmpty()) lines.add(Line.of(start).in(Color.NOTE));
    for (String message : run.outcome().messages()) lines.add(Notes.line(message, 0, graph));
    lines.addAll(raw(run.outcome().stderr()));
    return Answer.text(lines, List.of(start, String.join("\n", run.outcome().messages()), text));
  }

  private Answer stdout(RunRecord run) {
    if (run.ordered().stdout().isEmpty()) return Answer.text(raw(run.outcome().stdout()), text(run.outcome().stdout()));
    List<Line> lines =
        List.of(Line.of("stdout of the job is its target"), Line.at(1).text("consider : cat ").quoted(run.ordered().stdout()));
    // Scripts that read literals expect no failure here.
    return new Answer(lines, Porcelaine.NONE, porcelaine, false, false, true);
  }

  private Answer info(int job, String file, RunRecord run) {
    InfoTable table = new InfoTable(jobs, job, run, file, verbose);
    List<Line> lines = new ArrayList<>();
    if (!file.isEmpty()) {
      int official = jobs.official(file);
      for (int other : jobs.candidates(file)) {
        if (other == job || graph.status(other) == JobStatus.NEW) continue;
        String what = other == official ? "official job " : "job candidate ";
        lines.add(Line.of(what + jobs.ruleName(other) + " : ").name(jobs.name(other)).in(Color.NOTE));
      }
    }
    lines.addAll(table.lines());
    return Answer.table(lines, table.literal());
  }

  private Answer deps(int job, String file) {
    DepTable table = new DepTable(jobs, job, verbose);
    if (file.isEmpty()) return Answer.table(table.lines(), table.literal());
    int actual = jobs.actual(file);
    int official = jobs.official(file);
    List<Line> lines = new ArrayList<>();
    new Buildable(jobs.book(), disk)
        .uphill(file)
        .ifPresent(dir -> lines.add(Line.of("UP_HILL ").name(dir).in(Color.HIDDEN_NOTE)));
    Map<Object, Object> dict = new LinkedHashMap<>();
    deps(job, actual == official ? "generating" : actual == job ? "polluting" : "", table, lines, dict);
    if (official != 0 && official != job) deps(official, "", new DepTable(jobs, official, verbose), lines, dict);
    return Answer.table(lines, dict);
  }

  private void deps(int job, String comment, DepTable table, List<Line> lines, Map<Object, Object> dict) {
    Line head = Line.of(jobs.ruleName(job) + " ").name(jobs.name(job));
    lines.add(comment.isEmpty() ? head : head.text(" (" + comment + ")"));
    for (Line line : table.lines()) lines.add(line.behind("  "));
    dict.put(List.of(jobs.ruleName(job), jobs.name(job), comment), table.literal());
  }

  /** Lines as the job wrote them: the tab, if any, comes from who prints several. */
  private static List<Line> raw(byte[] text) {
    return Stderr.lines(text).stream().map(line -> new Line("", Color.NONE, line.parts())).toList();
  }

  /** A python str: bytes that are not UTF-8 as lone surrogates. */
  private static String text(byte[] bytes) {
    return Printable.decode(bytes);
  }
}

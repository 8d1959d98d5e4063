package lmake.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import lmake.engine.Action;
import lmake.graph.Graph;
import lmake.graph.RunReason;
import lmake.graph.RunRecord;

/** What the engine says of jobs and files, put into lines. Reads the graph, changes nothing; engine's thread. */
public final class Sayings {
  /** Words whose line has columns; the others are the word and the file. */
  private static final Set<String> COLUMNS =
      Set.of("new", "changed", "steady", "missing", "overwritten", "unlink", "frozen", "failed", "expand", "reformat",
          "update", "deps_not_avail", "bad_dep", "bad_target", "bad_side_target");

  /** Their first note is the name of a rule. */
  private static final Set<String> OF_RULES = Set.of("deps_not_avail", "bad_dep", "bad_target", "bad_side_target");
  private static final Set<String> CODEC = Set.of("expand", "reformat", "update");
  private static final Set<String> EXPLAINED =
      Set.of("dep_error", "was_dep_error", "missing_static", "was_missing_static");

  private final Jobs jobs;
  private final Graph graph;
  private final StatusLine columns;
  private final boolean verbose;
  private final IntFunction<Optional<RunRecord>> records;

  public Sayings(Jobs jobs, StatusLine columns, boolean verbose, IntFunction<Optional<RunRecord>> records) {
    this.jobs = jobs;
    this.graph = jobs.graph();
    this.columns = columns;
    this.verbose = verbose;
    this.records = records;
  }

  /** The status line of a job, and below it why. */
  public List<Line> job(Action.SayJob said, long date) {
    Word word = Word.ofJob(said.word());
    long exec = word.timed() && said.execMs() >= 0 ? said.execMs() * 1_000_000L : StatusLine.NO_TIME;
    Color color = said.warning() && tame(word.color()) ? Color.WARNING : word.color();
    if (color == Color.ERR && said.need() != Action.Need.CERTAIN) color = Color.SPECULATE_ERR;
    List<Line> lines = new ArrayList<>();
    lines.add(step(date, said.word(), said.job(), exec, color));
    RunReason why = said.why();
    if (!why.none() && explains(said.word()) && !said.notes().contains(Notes.reason(why, graph))) {
      lines.add(Notes.reason(why, Line.at(1).in(Color.NOTE), graph));
    }
    for (String note : said.notes()) lines.add(Notes.line(note, 1, graph));
    return lines;
  }

  /** A status line about a job that the engine did not say: start, continue. */
  public Line step(long date, String word, int job, long execNs, Color color) {
    return columns.line(date, word, jobs.ruleName(job), execNs, jobs.name(job), color);
  }

  /** True when the stderr of the job comes with this word. */
  public boolean last(String word) {
    return Word.ofJob(word).last();
  }

  /** Messages and stderr of the last run of a job; empty if it never ran. */
  public Optional<List<Line>> attached(int job) {
    if (records.apply(job).isEmpty()) return Optional.empty();
    List<Line> lines = new ArrayList<>();
    for (String message : records.apply(job).get().outcome().messages()) lines.add(Notes.line(message, 1, graph));
    lines.addAll(stderr(job));
    return Optional.of(lines);
  }

  /** The stderr of the last run of a job, cut as its rule says. */
  public List<Line> stderr(int job) {
    return records.apply(job)
        .map(run -> Stderr.lines(run.outcome().stderr(), jobs.maxStderrLines(job), jobs.ruleName(job), jobs.name(job)))
        .orElse(List.of());
  }

  /** What is said of a file that is not a job's doing. */
  public List<Line> node(Action.SayNode said, long date) {
    String name = graph.name(said.node());
    String word = said.word();
    Color color = Word.ofNode(word);
    List<Line> lines = new ArrayList<>();
    if (word.startsWith("infinite_")) {
      lines.add(columns.line(date, "failed", word, StatusLine.NO_TIME, name, Color.ERR));
    } else if (COLUMNS.contains(word)) {
      lines.add(columns.line(date, word, column(said), StatusLine.NO_TIME, name, color));
    } else {
      lines.add(Line.of(word + " ").name(name).in(color));
    }
    lines.addAll(below(said, name));
    return lines;
  }

  private List<Line> below(Action.SayNode said, String name) {
    // The engine's advice is not made to be pasted: names are not quoted there.
    if (said.word().equals("dangling")) {
      return List.of(Line.at(1).text("consider : git add ").quoted(name).in(Color.NOTE));
    }
    List<Line> lines = new ArrayList<>();
    int depth = 1;
    if (said.word().equals("multi")) {
      lines.add(Line.at(depth++).text("several rules match :").in(Color.NOTE));
    }
    List<String> notes = OF_RULES.contains(said.word()) ? said.notes().subList(1, said.notes().size()) : said.notes();
    for (String note : notes) {
      for (String line : note.split("\n")) lines.add(Notes.line(line, depth, graph));
    }
    return lines;
  }

  private String column(Action.SayNode said) {
    if (CODEC.contains(said.word())) return "codec";
    if (OF_RULES.contains(said.word())) return said.notes().get(0);
    if (said.word().equals("unlink")) return "no_rule";
    return graph.has(said.node(), Graph.FROZEN) ? "frozen" : "src";
  }

  private boolean explains(String word) {
    return EXPLAINED.contains(word) || verbose && (word.equals("may_rerun") || word.endsWith("rerun"));
  }

  private static boolean tame(Color color) {
    return color == Color.OK || color == Color.HIDDEN_NOTE;
  }
}

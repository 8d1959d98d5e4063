package lmake.report;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import lmake.base.Crc;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;
import lmake.graph.RunRecord;
import lmake.rules.Quantity;

/** All about the last run of a job, as {@code lshow -i} tells it. Fields without information are left out. Pure. */
public final class InfoTable {
  private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS");

  private static final Set<String> STANDARD = Set.of("cpu", "mem", "tmp");

  private static final String VIEW = "views ";

  private final Graph graph;
  private final List<Field> fields = new ArrayList<>();
  private final Map<String, Object> dict = new LinkedHashMap<>();

  /** A key and its lines; a field of several lines stands below its key. */
  private record Field(String key, boolean block, List<Line> lines) {}

  /**
   * @param file the file asked about, "" when the job was named
   */
  public InfoTable(Jobs jobs, int job, RunRecord run, String file, boolean verbose) {
    this.graph = jobs.graph();
    add("rule", jobs.ruleName(job));
    put("job", "job", Line.at(0).text(jobs.name(job)), jobs.name(job));
    Map<String, Object> ids = new LinkedHashMap<>();
    ids.put("job", job);
    ids.put("small", run.ordered().smallId());
    ids.put("seq", run.ordered().seq());
    put("ids", "ids", Line.of("job=" + job + " , small:" + run.ordered().smallId() + " , seq:" + run.ordered().seq()), ids);
    name("required target", run.cause().requiredTarget());
    name("required by", run.cause().requiredBy());
    RunReason why = graph.status(job) == JobStatus.NEW ? new RunReason(RunReason.Kind.NEVER_RUN, 0) : run.cause().reason();
    if (!why.none()) put("reason", "reason", Notes.reason(why, Line.at(0), graph), Notes.reason(why, graph));
    if (run.cause().eta() > 0) {
      String date = show(run.cause().eta());
      Line line = Line.of(date + " - " + Elapsed.tight(run.cause().pressureNs()));
      put("scheduling", "scheduling", line, List.of(date, run.cause().pressureNs() / 1e9));
    }
    execution(run);
    outcome(run, graph.status(job));
    int node = file.isEmpty() ? 0 : graph.findNode(file);
    if (verbose && node != 0) add("checksum", Crc.show(graph.crc(node)));
    if (run.outcome().pid() > 0) add("start message", "pid:" + run.outcome().pid());
    if (!run.outcome().messages().isEmpty()) messages(run.outcome().messages());
    views(run.ordered().isolation());
    if (!run.ordered().resources().isEmpty()) resources(run.ordered().resources());
  }

  /** {@code key : value} lines, keys as wide as the widest that has its value beside it. */
  public List<Line> lines() {
    int width = 0;
    for (Field field : fields) if (!field.block) width = Math.max(width, field.key.length());
    List<Line> lines = new ArrayList<>();
    for (Field field : fields) {
      if (field.block) {
        lines.add(Line.of(field.key + " :"));
        for (Line line : field.lines) lines.add(line.behind("  "));
      } else {
        Line value = field.lines.get(0);
        List<Line.Part> parts = new ArrayList<>();
        parts.add(new Line.Part(Line.Kind.TEXT, StatusLine.pad(field.key, width) + " : "));
        parts.addAll(value.parts());
        lines.add(new Line("", value.color(), parts));
      }
    }
    return lines;
  }

  public Object literal() {
    return dict;
  }

  private void execution(RunRecord run) {
    if (!run.ordered().argv().isEmpty()) {
      List<String> interpreter = run.ordered().argv().subList(0, Math.max(1, run.ordered().argv().size() - 1));
      boolean python = interpreter.get(0).replaceFirst(".*/", "").startsWith("python");
      List<String> shown = interpreter.stream().filter(word -> !word.equals("-c")).map(Printable::quote).toList();
      add(python ? "python" : "shell", String.join(" ", shown));
    }
    run.ordered().isolation().forEach((key, value) -> {
      if (!key.startsWith(VIEW)) add(key, value);
    });
    if (!run.ordered().autodep().isEmpty()) add("autodep", run.ordered().autodep());
    if (run.ordered().timeout() > 0) {
      long ns = (long) (run.ordered().timeout() * 1e9);
      put("timeout", "timeout", Line.of(Elapsed.tight(ns)), run.ordered().timeout());
    }
  }

  private void outcome(RunRecord run, JobStatus status) {
    if (run.outcome().endDate() > 0) {
      add("end date", show(run.outcome().endDate()));
    }
    if (!run.outcome().os().isEmpty()) add("os", run.outcome().os());
    add("status", status.word());
    if (!run.ordered().tmpDir().isEmpty()) add("tmp dir", run.ordered().tmpDir());
    boolean ran = run.outcome().waitStatus() >= 0 && !status.lost();
    if (ran) {
      String text = WaitStatus.explain(run.outcome().waitStatus(), run.outcome().stderr().length > 0);
      put("rc", "rc", Line.of(text), WaitStatus.show(run.outcome().waitStatus()));
      duration("cpu time", run.usage().userNs() + run.usage().systemNs());
      if (run.outcome().endDate() > 0) duration("elapsed in job", run.outcome().endDate() - run.outcome().startDate());
    }
    if (run.usage().totalNs() > 0) duration("elapsed total", run.usage().totalNs());
    if (ran && run.usage().maxRss() > 0) size("used mem", "used_mem", run.usage().maxRss());
    if (ran && run.usage().costNs() > 0) duration("cost", run.usage().costNs());
    if (run.usage().targetsSize() > 0) size("total targets size", "total_size", run.usage().targetsSize());
  }

  private static String show(long date) {
    return DATE.format(Instant.ofEpochSecond(0, date).atZone(ZoneId.systemDefault()));
  }

  private void messages(List<String> messages) {
    List<Line> lines = new ArrayList<>();
    for (String message : messages) lines.add(Notes.line(message, 0, graph).in(Color.NONE));
    fields.add(new Field("message", lines.size() > 1, lines));
    dict.put("message", String.join("\n", messages));
  }

  private void views(Map<String, String> isolation) {
    Map<String, Object> views = new LinkedHashMap<>();
    isolation.forEach((key, value) -> {
      if (key.startsWith(VIEW)) views.put(key.substring(VIEW.length()), value);
    });
    if (views.isEmpty()) return;
    int width = views.keySet().stream().mapToInt(String::length).max().orElse(0);
    List<Line> lines = new ArrayList<>();
    views.forEach((key, value) -> lines.add(Line.of(StatusLine.pad(key, width) + " : " + value)));
    fields.add(new Field("views", true, lines));
    dict.put("views", views);
  }

  private void resources(Map<String, String> resources) {
    int width = resources.keySet().stream().mapToInt(String::length).max().orElse(0);
    List<Line> lines = new ArrayList<>();
    Map<String, Object> values = new LinkedHashMap<>();
    resources.forEach(
        (key, value) -> {
          lines.add(Line.of(StatusLine.pad(key, width) + " : " + value));
          values.put(key, amount(key, value));
        });
    fields.add(new Field("resources", true, lines));
    dict.put("required resources", values);
    dict.put("allocated resources", values);
  }

  /** Standard resources are numbers, as are those that look like one. */
  private static Object amount(String key, String value) {
    if (value.matches("-?\\d{1,18}")) return Long.valueOf(value);
    Optional<BigDecimal> amount = STANDARD.contains(key) ? Quantity.parse(value) : Optional.empty();
    return amount.isPresent() ? (Object) amount.get().longValue() : value;
  }

  private void name(String key, String name) {
    if (!name.isEmpty()) put(key, key, Line.at(0).name(name), name);
  }

  private void duration(String key, long ns) {
    put(key, key.replace(' ', '_'), Line.of(Elapsed.tight(ns)), ns / 1e9);
  }

  private void size(String key, String literalKey, long bytes) {
    put(key, literalKey, Line.of(Sizes.show(bytes)), bytes);
  }

  private void add(String key, String value) {
    put(key, key, Line.of(value), value);
  }

  private void put(String key, String literalKey, Line line, Object value) {
    fields.add(new Field(key, false, List.of(line)));
    dict.put(literalKey, value);
  }
}

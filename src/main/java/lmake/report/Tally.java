package lmake.report;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How many jobs of a req ended in which way, and the time they took: rows of the summary, numbers of the title. */
public final class Tally {
  private static final List<String> ORDER =
      List.of(
          "speculative", "steady", "failed", "run_loop", "submit_loop", "done", "completed", "killed", "retry",
          "lost", "lost_err", "early_rerun", "rerun", "hit");

  private static final String SPECULATIVE = "speculative";

  private final Map<String, Row> rows = new LinkedHashMap<>();

  /** Time counted as speculative, by job. */
  private final Map<Integer, Long> speculated = new HashMap<>();

  private record Row(int count, long ns, boolean timed) {}

  public Tally() {
    for (String kind : ORDER) rows.put(kind, new Row(0, 0, false));
  }

  /** Counts a step word of a job; words that end nothing are not counted. */
  public void count(String word, long execNs) {
    Word meaning = Word.ofJob(word);
    for (String kind : meaning.kinds()) add(kind, meaning.timed() ? execNs : -1);
  }

  /** Counts an error of a job that perhaps nobody needs. */
  public void speculate(int job, long execNs) {
    Long before = speculated.remove(job); // of an earlier trial
    if (before != null) drop(before);
    long ns = before == null || before < 0 ? execNs : before + Math.max(0, execNs);
    speculated.put(job, ns);
    add(SPECULATIVE, ns);
  }

  /** A job told before is needed: what was counted as speculative is not. True when there was such a thing. */
  public boolean confirm(int job, String word) {
    Long ns = speculated.remove(job);
    if (ns == null) return false;
    drop(ns);
    for (String kind : Word.ofJob(word).kinds()) add(kind, ns);
    return true;
  }

  /** {@code ns}: -1 for none. */
  private void add(String kind, long ns) {
    rows.computeIfPresent(kind, (k, row) -> new Row(row.count + 1, row.ns + Math.max(0, ns), row.timed || ns >= 0));
  }

  private void drop(long ns) {
    rows.computeIfPresent(SPECULATIVE, (k, row) -> new Row(row.count - 1, row.ns - Math.max(0, ns), row.timed));
  }

  int count(String kind) {
    return rows.get(kind).count;
  }

  /** The rows of the summary, the {@code elapsed} one included. */
  List<Line> lines(long elapsedNs) {
    int width = kindWidth();
    int most = rows.values().stream().mapToInt(Row::count).max().orElse(0);
    int digits = Integer.toString(most).length();
    List<Line> lines = new ArrayList<>();
    for (Map.Entry<String, Row> entry : rows.entrySet()) {
      if (!shown(entry)) continue;
      Row row = entry.getValue();
      String time = row.timed ? Elapsed.show(row.ns) : Elapsed.BLANK;
      String count = String.format("%" + digits + "d", row.count);
      lines.add(
          Line.of(StatusLine.pad(entry.getKey(), width) + " time : " + time + " (" + count + " jobs)")
              .in(color(entry.getKey())));
    }
    lines.add(Line.of(StatusLine.pad("elapsed", width) + " time : " + Elapsed.show(elapsedNs)).in(Color.NOTE));
    return lines;
  }

  /** Where the labels of all rows end. */
  int labelWidth() {
    return kindWidth() + " time".length();
  }

  /** The text of the window title. */
  public String title(int running, int queued, int waiting) {
    int failed = count("failed") + count("lost_err") + count("run_loop") + count("submit_loop");
    StringBuilder text = new StringBuilder();
    if (failed > 0) text.append("failed:").append(failed).append(' ');
    text.append("done:").append(count("done") + count("steady"));
    if (count("hit") > 0) text.append(" hit:").append(count("hit"));
    if (count("rerun") > 0) text.append(" rerun:").append(count("rerun"));
    text.append(" running:").append(running);
    if (queued > 0) text.append(" queued:").append(queued);
    if (waiting > 0) text.append(" waiting:").append(waiting);
    return text.toString();
  }

  private int kindWidth() {
    int width = "elapsed".length();
    for (Map.Entry<String, Row> entry : rows.entrySet()) {
      if (shown(entry)) width = Math.max(width, entry.getKey().length());
    }
    return width;
  }

  private static boolean shown(Map.Entry<String, Row> entry) {
    return entry.getValue().count > 0 || entry.getKey().equals("done");
  }

  private static Color color(String kind) {
    return switch (kind) {
      case "failed", "lost_err" -> Color.ERR;
      case "lost" -> Color.WARNING;
      case "done", "steady" -> Color.OK;
      default -> Color.NOTE;
    };
  }
}

package lmake.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a job wrote, as lines behind a tab. Pure. */
public final class Stderr {
  private Stderr() {}

  /** All of it. */
  public static List<Line> lines(byte[] text) {
    List<Line> lines = new ArrayList<>();
    for (int from = 0; from < text.length; ) {
      int to = from;
      while (to < text.length && text[to] != '\n') to++;
      lines.add(Line.ofJob(Arrays.copyOfRange(text, from, to)));
      from = to + 1;
    }
    return lines;
  }

  /** At most that many lines (0 = all), then how to see the rest. */
  public static List<Line> lines(byte[] text, int most, String rule, String job) {
    List<Line> lines = lines(text);
    if (most <= 0 || lines.size() <= most) return lines;
    List<Line> head = new ArrayList<>(lines.subList(0, most));
    head.add(
        Line.at(1).text("... for full content, consider : lshow -e -R ").quoted(rule).text(" -J ").quoted(job)
            .in(Color.NOTE));
    return head;
  }
}

package lmake.report;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import lmake.rules.Rule;
import lmake.rules.RuleBook;

/**
 * The columns of a status line. Scripts read them: every byte is a contract. Pure.
 *
 * @param dateDigits digits after the second, -1 = no time column
 * @param execTime whether there is an exec time column
 * @param ruleWidth width of the rule column
 */
public record StatusLine(int dateDigits, boolean execTime, int ruleWidth, ZoneId zone) {
  private static final int WORD_WIDTH = 18;
  private static final String LONGEST_BUILT_IN = "infinite_path";
  private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("HH:mm:ss");

  /** Exec time of a line that has none. */
  public static final long NO_TIME = -1;

  public static StatusLine of(RuleBook book) {
    int width = LONGEST_BUILT_IN.length();
    for (Rule rule : book.rules()) width = Math.max(width, rule.name().length());
    return new StatusLine(
        book.config().consoleDatePrecision(), book.config().consoleHasExecTime(), width, ZoneId.systemDefault());
  }

  /**
   * @param date of the event, nanoseconds since the epoch
   * @param execNs duration, or {@link #NO_TIME}
   */
  public Line line(long date, String word, String rule, long execNs, String name, Color color) {
    String columns = time(date) + pad(word, WORD_WIDTH) + " " + pad(rule, ruleWidth) + " ";
    if (execTime) columns += (execNs == NO_TIME ? Elapsed.BLANK : Elapsed.show(execNs)) + " ";
    return Line.of(columns).name(name).in(color);
  }

  /** Time of day, in whole seconds. */
  public String clock(long date) {
    return CLOCK.format(Instant.ofEpochSecond(Math.floorDiv(date, 1_000_000_000L)).atZone(zone));
  }

  /** A word alone: nothing may follow it, not even a space. */
  public Line lone(long date, String word, Color color) {
    return Line.of(time(date) + word).in(color);
  }

  private String time(long date) {
    if (dateDigits < 0) return "";
    Instant instant = Instant.ofEpochSecond(Math.floorDiv(date, 1_000_000_000L), Math.floorMod(date, 1_000_000_000L));
    String clock = CLOCK.format(instant.atZone(zone));
    if (dateDigits == 0) return clock + " ";
    return clock + "." + String.format("%09d", instant.getNano()).substring(0, dateDigits) + " ";
  }

  public static String pad(String text, int width) {
    return text.length() >= width ? text : text + " ".repeat(width - text.length());
  }
}

package lmake.report;

/** Durations in six characters, cut rather than rounded: a job of 59.999 s has not lasted a minute. Pure. */
public final class Elapsed {
  private static final long MS = 1_000_000;
  private static final long SECOND = 1000 * MS;
  private static final long MINUTE = 60 * SECOND;
  private static final long HOUR = 60 * MINUTE;
  private static final long DAY = 24 * HOUR;

  /** As wide as a duration, when there is none to show. */
  public static final String BLANK = "      ";

  private Elapsed() {}

  /** Right aligned on six characters (five digits of days are enough for all of us). */
  public static String show(long ns) {
    if (ns < 0) return "-" + show(-ns).trim();
    if (ns < 10 * SECOND) return String.format("%d.%03ds", ns / SECOND, ns % SECOND / MS);
    if (ns < MINUTE) return String.format("%2d.%02ds", ns / SECOND, ns % SECOND / (10 * MS));
    if (ns < HOUR) return wide(ns / MINUTE + String.format("m%02ds", ns % MINUTE / SECOND));
    if (ns < 100 * HOUR) return wide(ns / HOUR + String.format("h%02dm", ns % HOUR / MINUTE));
    if (ns < 100_000 * HOUR) return wide(ns / HOUR + "h");
    return wide(ns / DAY + "d");
  }

  /** The same without the padding. */
  public static String tight(long ns) {
    return show(ns).trim();
  }

  private static String wide(String text) {
    return String.format("%6s", text);
  }
}

package lmake.report;

import java.util.Locale;

/** Sizes in bytes with a unit, powers of 1024. Pure. */
final class Sizes {
  private static final String[] UNITS = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};

  private Sizes() {}

  static String show(long bytes) {
    if (bytes < 1024) return bytes + "B";
    double value = bytes;
    int unit = 0;
    while (value >= 1023.995 && unit < UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, "%.2f%s", value, UNITS[unit]);
  }
}

package lmake.rules;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Optional;

/** Amounts as users write them: a decimal number and at most one unit letter, by powers of 1024 ({@code 1.5G}). */
public final class Quantity {
  /** From 1024^-6 to 1024^6; the one in the middle is no unit. */
  private static final String UNITS = "afpnum kMGTPE";

  private static final int ONE = UNITS.indexOf(' ');
  private static final BigDecimal KILO = BigDecimal.valueOf(1024);

  private Quantity() {}

  /** The number a text stands for; empty when it stands for none, or for a negative one. */
  public static Optional<BigDecimal> parse(String text) {
    String number = text.strip();
    int power = 0;
    if (!number.isEmpty()) {
      int unit = UNITS.indexOf(number.charAt(number.length() - 1));
      if (unit >= 0) {
        power = unit - ONE;
        number = number.substring(0, number.length() - 1);
      }
    }
    // Shorter than what BigDecimal takes: no exponent, which could ask for a number of a gigabyte.
    if (!number.matches("\\+?([0-9]{1,30}(\\.[0-9]{0,30})?|\\.[0-9]{1,30})")) return Optional.empty();
    BigDecimal value = new BigDecimal(number);
    // 1/1024 has a finite decimal expansion, so that both ways are exact.
    BigDecimal scale = KILO.pow(Math.abs(power));
    return Optional.of(power < 0 ? value.divide(scale) : value.multiply(scale));
  }

  /** The least number of units of this many that covers the amount. */
  static long ceil(BigDecimal amount, long unit) {
    return amount.divide(BigDecimal.valueOf(unit), 0, RoundingMode.CEILING).min(BigDecimal.valueOf(Long.MAX_VALUE >> 24))
        .longValueExact();
  }

  /** With the largest unit that keeps it whole: {@code 2G} for 2^31. */
  static String show(long count, long unit) {
    BigInteger value = BigInteger.valueOf(count).multiply(BigInteger.valueOf(unit));
    int power = 0;
    while (value.signum() != 0 && (value.longValue() & 1023) == 0 && ONE + power < UNITS.length() - 1) {
      value = value.shiftRight(10);
      power++;
    }
    return power == 0 ? value.toString() : value.toString() + UNITS.charAt(ONE + power);
  }
}

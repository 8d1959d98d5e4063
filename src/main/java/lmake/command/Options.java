package lmake.command;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import lmake.base.ExitCode;
import lmake.base.UserError;

/**
 * A command line that was understood.
 *
 * @param values by long name, converted; {@code true} for a flag
 * @param key the one that was given of the options of which one is needed, "" when the tool has none
 * @param operands the arguments that are no options
 */
record Options(Map<String, Object> values, String key, List<String> operands) {
  private static final long CENTURY_MS = 36_525L * 24 * 3600 * 1000;

  boolean has(String name) {
    return values.containsKey(name);
  }

  /** "" when not given. */
  String text(String name) {
    return (String) values.getOrDefault(name, "");
  }

  /** 0 when not given. */
  int number(String name) {
    return (Integer) values.getOrDefault(name, 0);
  }

  /** In nanoseconds, 0 when not given; a century at most. */
  long durationNs(String name) {
    long ms = ((Duration) values.getOrDefault(name, Duration.ZERO)).toMillis();
    return 1_000_000L * Math.min(ms, CENTURY_MS);
  }

  /** The rules of {@code -J} and {@code -R}. */
  Options checkJob() throws UserError {
    if (has("--job") && operands.size() != 1) throw new UserError(ExitCode.USAGE, "-J needs exactly one job name");
    if (has("--rule") && !has("--job")) throw new UserError(ExitCode.USAGE, "-R is only possible together with -J");
    return this;
  }
}

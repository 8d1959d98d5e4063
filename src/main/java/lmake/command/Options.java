package lmake.command;

import java.util.List;
import lmake.base.ExitCode;
import lmake.base.UserError;
import picocli.CommandLine.ParseResult;

/**
 * A command line that was understood.
 *
 * @param key the one that was given of the options of which one is needed, "" when the tool has none
 * @param operands the arguments that are no options
 */
record Options(ParseResult parsed, String key, List<String> operands) {
  boolean has(String name) {
    return parsed.hasMatchedOption(name);
  }

  /** "" when not given. */
  String text(String name) {
    return parsed.matchedOptionValue(name, "");
  }

  /** 0 when not given. */
  int number(String name) {
    return parsed.matchedOptionValue(name, 0);
  }

  /** The rules of {@code -J} and {@code -R}. */
  Options checkJob() throws UserError {
    if (has("--job") && operands.size() != 1) throw new UserError(ExitCode.USAGE, "-J needs exactly one job name");
    if (has("--rule") && !has("--job")) throw new UserError(ExitCode.USAGE, "-R is only possible together with -J");
    return this;
  }
}

package lmake.command;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import lmake.base.ExitCode;
import lmake.base.UserError;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The command line of one tool: its options, in picocli's model made by calls (annotations cost twice the start), and its
 * help. Good for one command line.
 */
final class ToolSpec {
  /** What {@code --version} says. */
  static final String VERSION = "version 0.1.0 (repo:1)";

  private static final Pattern DURATION =
      Pattern.compile("(?:(\\d{1,6})d)?(?:(\\d{1,6})h)?(?:(\\d{1,6})m)?(?:(\\d{1,9}(?:\\.\\d+)?)s?)?");

  private final String tool;
  private final String operands;
  private final CommandSpec spec = CommandSpec.create();
  private final List<Row> rows = new ArrayList<>();
  private final Set<String> keys = new LinkedHashSet<>();

  /** One line of the help. */
  private record Row(boolean key, String names, String help) {}

  /**
   * @param operands what stands after the options in the synopsis
   */
  ToolSpec(String tool, String operands) {
    this.tool = tool;
    this.operands = operands;
    spec.name(tool).interpolateVariables(false);
    flag("-h", "--help", "print this text");
    flag("--version", "print the version");
  }

  /** An option without a value; the description is last. */
  ToolSpec flag(String... namesAndHelp) {
    return option(false, boolean.class, "", Optional.empty(), namesAndHelp);
  }

  /** One of the options of which exactly one is needed. */
  ToolSpec key(String... namesAndHelp) {
    keys.add(namesAndHelp[namesAndHelp.length - 2]);
    return option(true, boolean.class, "", Optional.empty(), namesAndHelp);
  }

  /** An option with a text. */
  ToolSpec text(String label, String... namesAndHelp) {
    return option(false, String.class, label, Optional.of(text -> text), namesAndHelp);
  }

  /** An option with a number in a range; empty is 0. */
  ToolSpec number(int least, int most, String... namesAndHelp) {
    return option(false, Integer.class, "n", Optional.of(text -> number(text, least, most)), namesAndHelp);
  }

  /** An option with one of some words. */
  ToolSpec choice(List<String> words, String... namesAndHelp) {
    return option(false, String.class, String.join("|", words), Optional.of(text -> choice(text, words)), namesAndHelp);
  }

  /** An option with a duration such as {@code 2h30m}. */
  ToolSpec duration(String... namesAndHelp) {
    return option(false, Duration.class, "duration", Optional.of(ToolSpec::duration), namesAndHelp);
  }

  /** The options all tools have. */
  ToolSpec common() {
    flag("-q", "--quiet", "print no decoration");
    flag("-v", "--verbose", "tell more");
    flag("-J", "--job", "the argument is the name of a job");
    text("rule", "-R", "--rule", "the rule of that job");
    flag("-S", "--sync", "wait for the end of the server if it was launched by this command");
    return text("mode", "-V", "--video", "colours: d(ark), l(ight), f (none), else as the terminal seems to need");
  }

  /** The option with this name, dashes included; empty when there is none. */
  Optional<OptionSpec> find(String name) {
    return Optional.ofNullable(spec.findOption(name));
  }

  /** Parses; all that is wrong with a command line is a {@link UserError} of code USAGE. */
  Options parse(List<String> args) throws UserError {
    Grammar line = Grammar.read(this, args);
    CommandLine parser = new CommandLine(spec);
    parser.setOverwrittenOptionsAllowed(true).setExpandAtFiles(false).setTrimQuotes(false);
    // Operands do not come here, and a value may look like anything.
    parser.setEndOfOptionsDelimiter("\0").setAllowOptionsAsOptionParameters(true);
    try {
      return new Options(parser.parseArgs(line.canonical().toArray(new String[0])), key(line), line.operands());
    } catch (CommandLine.ParameterException e) {
      throw new UserError(ExitCode.USAGE, e.getMessage().lines().findFirst().orElse("bad command line"));
    }
  }

  /** Help: the same text for {@code -h} and below a usage error. */
  String usage(String installDir) {
    StringBuilder text = new StringBuilder(tool + " [options] " + operands + "\n" + VERSION + "\n");
    if (!keys.isEmpty()) text.append("keys (exactly 1) :\n").append(rows(true));
    text.append("flags :\n").append(rows(false));
    text.append("consider :\n  man ").append(tool).append("\n  ");
    return text.append(installDir).append("/doc/index.html\n").toString();
  }

  private String rows(boolean key) {
    int width = rows.stream().mapToInt(row -> row.names.length()).max().orElse(0);
    return rows.stream()
        .filter(row -> row.key == key)
        .map(row -> "  " + row.names + " ".repeat(width - row.names.length()) + " : " + row.help + "\n")
        .collect(Collectors.joining());
  }

  private String key(Grammar line) throws UserError {
    boolean asksHelp = line.options().contains("--help") || line.options().contains("--version");
    List<String> given = line.options().stream().filter(keys::contains).toList();
    if (given.isEmpty() && (keys.isEmpty() || asksHelp)) return "";
    if (given.isEmpty()) throw new UserError(ExitCode.USAGE, "one of " + String.join(" ", keys) + " is needed");
    if (given.size() > 1) {
      throw new UserError(ExitCode.USAGE, "cannot have both " + given.get(0) + " and " + given.get(1));
    }
    return given.get(0);
  }

  private <T> ToolSpec option(
      boolean key, Class<T> type, String label, Optional<CommandLine.ITypeConverter<T>> converter, String... namesAndHelp) {
    int last = namesAndHelp.length - 1;
    String[] names = Arrays.copyOf(namesAndHelp, last);
    OptionSpec.Builder option = OptionSpec.builder(names).type(type).arity(converter.isEmpty() ? "0" : "1");
    converter.ifPresent(option::converters);
    spec.addOption(option.build());
    String shown = String.join(" or ", names) + (label.isEmpty() ? "" : " <" + label + ">");
    rows.add(new Row(key, shown, namesAndHelp[last]));
    return this;
  }

  private static Integer number(String text, int least, int most) {
    if (text.isEmpty()) return 0;
    if (text.matches("\\d{1,9}")) {
      int value = Integer.parseInt(text);
      if (value >= least && value <= most) return value;
    }
    throw new CommandLine.TypeConversionException("'" + text + "' is not a number in " + least + ".." + most);
  }

  private static String choice(String text, List<String> words) {
    if (text.isEmpty() || words.contains(text)) return text;
    throw new CommandLine.TypeConversionException("'" + text + "' is none of " + String.join(" ", words));
  }

  private static Duration duration(String text) {
    if (text.isEmpty()) return Duration.ZERO;
    Matcher m = DURATION.matcher(text);
    if (!m.matches()) throw new CommandLine.TypeConversionException("'" + text + "' is not a duration such as 2h30m");
    double seconds = 0;
    int[] units = {86400, 3600, 60, 1};
    for (int i = 0; i < 4; i++) if (m.group(i + 1) != null) seconds += Double.parseDouble(m.group(i + 1)) * units[i];
    return Duration.ofMillis(Math.round(seconds * 1000));
  }
}

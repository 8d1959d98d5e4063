package lmake.command;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lmake.base.ExitCode;
import lmake.base.UserError;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * The command line of one tool: its options, in picocli's model made by calls (annotations cost twice the start), and its
 * help. Built once per tool, then only read.
 */
final class ToolSpec {
  /** What {@code --version} says. */
  static final String VERSION = "version 0.1.0 (repo:1)";

  private final String tool;
  private final String operands;
  private final CommandSpec spec = CommandSpec.create();
  private final Map<String, List<String>> help = new LinkedHashMap<>();
  private final Set<String> keys = new LinkedHashSet<>();

  /**
   * @param operands what stands after the options in the synopsis
   */
  ToolSpec(String tool, String operands) {
    this.tool = tool;
    this.operands = operands;
    spec.name(tool).interpolateVariables(false);
    spec.addPositional(
        PositionalParamSpec.builder().index("0..*").arity("0..*").type(List.class).auxiliaryTypes(String.class).build());
    flag("-h", "--help", "print this text");
    flag("--version", "print the version");
  }

  /** An option without a value; the description is last. */
  ToolSpec flag(String... namesAndHelp) {
    return option("flags", boolean.class, "", null, namesAndHelp);
  }

  /** One of the options of which exactly one is needed. */
  ToolSpec key(String... namesAndHelp) {
    keys.add(namesAndHelp[namesAndHelp.length - 2]);
    return option("keys (exactly 1)", boolean.class, "", null, namesAndHelp);
  }

  /** An option with a text. */
  ToolSpec text(String label, String... namesAndHelp) {
    return option("flags", String.class, label, text -> text, namesAndHelp);
  }

  /** An option with a number in a range; empty is 0. */
  ToolSpec number(int least, int most, String... namesAndHelp) {
    return option("flags", Integer.class, "n", text -> number(text, least, most), namesAndHelp);
  }

  /** An option with one of some words. */
  ToolSpec choice(List<String> words, String... namesAndHelp) {
    return option("flags", String.class, String.join("|", words), text -> choice(text, words), namesAndHelp);
  }

  /** An option with a duration such as {@code 2h30m}. */
  ToolSpec duration(String... namesAndHelp) {
    return option("flags", Duration.class, "duration", ToolSpec::duration, namesAndHelp);
  }

  /** The options all tools have. */
  ToolSpec common(boolean jobs) {
    flag("-q", "--quiet", "print no decoration");
    flag("-v", "--verbose", "tell more");
    if (jobs) {
      flag("-J", "--job", "the argument is the name of a job");
      text("rule", "-R", "--rule", "the rule of that job");
    }
    flag("-S", "--sync", "wait for the end of the server if it was launched by this command");
    return text("mode", "-V", "--video", "colours: d(ark), l(ight), f (none), else as the terminal seems to need");
  }

  Set<String> keys() {
    return keys;
  }

  /** The option with this name, dashes included; empty when there is none. */
  java.util.Optional<OptionSpec> find(String name) {
    return java.util.Optional.ofNullable(spec.findOption(name));
  }

  /** Parses; all that is wrong with a command line is a {@link UserError} of code USAGE. */
  Options parse(List<String> args) throws UserError {
    Grammar line = Grammar.read(this, args);
    CommandLine parser = new CommandLine(spec);
    parser.setOverwrittenOptionsAllowed(true).setExpandAtFiles(false).setTrimQuotes(false);
    try {
      return new Options(parser.parseArgs(line.canonical().toArray(new String[0])), key(line), line.operands());
    } catch (CommandLine.ParameterException e) {
      throw new UserError(ExitCode.USAGE, e.getMessage().lines().findFirst().orElse("bad command line"));
    }
  }

  /** Help: the same text for {@code -h} and below a usage error. */
  String usage(String installDir) {
    StringBuilder text = new StringBuilder(tool + " [options] " + operands + "\n" + VERSION + "\n");
    int width = help.values().stream().flatMap(List::stream).mapToInt(row -> row.indexOf('\0')).max().orElse(0);
    help.forEach(
        (group, rows) -> {
          text.append(group).append(" :\n");
          for (String row : rows) {
            int cut = row.indexOf('\0');
            text.append("  ").append(row, 0, cut).append(" ".repeat(width - cut));
            text.append(" : ").append(row.substring(cut + 1)).append('\n');
          }
        });
    return text.append("consider :\n  man ").append(tool).append("\n  ").append(installDir).append("/doc/index.html\n")
        .toString();
  }

  private String key(Grammar line) throws UserError {
    if (keys.isEmpty()) return "";
    List<String> given = line.options().stream().filter(keys::contains).toList();
    if (given.isEmpty()) throw new UserError(ExitCode.USAGE, "one of " + String.join(" ", keys) + " is needed");
    if (given.size() > 1) {
      throw new UserError(ExitCode.USAGE, "cannot have both " + given.get(0) + " and " + given.get(1));
    }
    return given.get(0);
  }

  private <T> ToolSpec option(
      String group, Class<T> type, String label, CommandLine.ITypeConverter<T> converter, String... namesAndHelp) {
    int last = namesAndHelp.length - 1;
    String[] names = java.util.Arrays.copyOf(namesAndHelp, last);
    OptionSpec.Builder option = OptionSpec.builder(names).type(type).arity(converter == null ? "0" : "1");
    if (converter != null) option.converters(converter);
    spec.addOption(option.build());
    String row = String.join(" or ", names) + (label.isEmpty() ? "" : " <" + label + ">");
    help.computeIfAbsent(group, g -> new ArrayList<>()).add(row + "\0" + namesAndHelp[last]);
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
    Matcher m = Pattern.compile("(?:(\\d{1,6})d)?(?:(\\d{1,6})h)?(?:(\\d{1,6})m)?(?:(\\d{1,9}(?:\\.\\d+)?)s?)?").matcher(text);
    if (!m.matches()) throw new CommandLine.TypeConversionException("'" + text + "' is not a duration such as 2h30m");
    double seconds = 0;
    int[] units = {86400, 3600, 60, 1};
    for (int i = 0; i < 4; i++) if (m.group(i + 1) != null) seconds += Double.parseDouble(m.group(i + 1)) * units[i];
    return Duration.ofMillis(Math.round(seconds * 1000));
  }
}

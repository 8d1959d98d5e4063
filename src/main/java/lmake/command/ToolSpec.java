package lmake.command;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import lmake.base.ExitCode;
import lmake.base.UserError;

/**
 * The command line of one tool: its options and its help. No library: once our grammar was obeyed by a pass of our own,
 * all that picocli did for us was to convert two numbers, for 130 ms of the first command of a server (its classes are
 * too old for a class-data archive).
 */
final class ToolSpec {
  /** What {@code --version} says. */
  static final String VERSION = "version 0.1.0 (repo:1)";

  private static final Pattern DURATION =
      Pattern.compile("(\\d{1,6}d)?(\\d{1,6}h)?(\\d{1,6}m)?(\\d{1,9}(\\.\\d+)?s?)?");

  private final String tool;
  private final String operands;
  private final List<Option> options = new ArrayList<>();

  /**
   * An option.
   *
   * @param key one of those of which exactly one is needed
   * @param names short then long, or long alone
   * @param label of its value, "" when it has none
   * @param complaint what is wrong with a value, empty when nothing is
   */
  record Option(
      boolean key, List<String> names, String label, String help, Function<String, Optional<String>> complaint) {
    boolean flag() {
      return label.isEmpty();
    }

    /** The name by which it is known from here on. */
    String longName() {
      return names.get(names.size() - 1);
    }

    String shown() {
      return String.join(" or ", names) + (flag() ? "" : " <" + label + ">");
    }
  }

  /**
   * @param operands what stands after the options in the synopsis
   */
  ToolSpec(String tool, String operands) {
    this.tool = tool;
    this.operands = operands;
    flag("-h", "--help", "print this text");
    flag("--version", "print the version");
  }

  /** An option without a value; the description is last. */
  ToolSpec flag(String... namesAndHelp) {
    return option(false, "", value -> Optional.empty(), namesAndHelp);
  }

  /** One of the options of which exactly one is needed. */
  ToolSpec key(String... namesAndHelp) {
    return option(true, "", value -> Optional.empty(), namesAndHelp);
  }

  /** An option with a text. */
  ToolSpec text(String label, String... namesAndHelp) {
    return option(false, label, value -> Optional.empty(), namesAndHelp);
  }

  /** An option with a number up to a limit. */
  ToolSpec number(int most, String... namesAndHelp) {
    return checked("n", value -> number(value, most), "not a number in 0.." + most, namesAndHelp);
  }

  /** An option with one of some words. */
  ToolSpec choice(List<String> words, String... namesAndHelp) {
    return checked(String.join("|", words), words::contains, "none of " + String.join(" ", words), namesAndHelp);
  }

  /** An option with a duration such as {@code 2h30m}. */
  ToolSpec duration(String... namesAndHelp) {
    return checked("duration", text -> DURATION.matcher(text).matches(), "not a duration such as 2h30m", namesAndHelp);
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
  Optional<Option> find(String name) {
    return options.stream().filter(option -> option.names.contains(name)).findFirst();
  }

  /** Parses; all that is wrong with a command line is a {@link UserError} of code USAGE. */
  Options parse(List<String> args) throws UserError {
    Grammar line = Grammar.read(this, args);
    return new Options(line.values(), key(line), line.operands());
  }

  /** Help: the same text for {@code -h} and below a usage error. */
  String usage(String installDir) {
    StringBuilder text = new StringBuilder(tool + " [options] " + operands + "\n" + VERSION + "\n");
    if (!keys().isEmpty()) text.append("keys (exactly 1) :\n").append(rows(true));
    text.append("flags :\n").append(rows(false));
    text.append("consider :\n  man ").append(tool).append("\n  ");
    return text.append(installDir).append("/doc/index.html\n").toString();
  }

  private String rows(boolean key) {
    int width = options.stream().mapToInt(option -> option.shown().length()).max().orElse(0);
    return options.stream()
        .filter(option -> option.key == key)
        .map(option -> String.format("  %-" + width + "s : %s\n", option.shown(), option.help))
        .collect(Collectors.joining());
  }

  private Set<String> keys() {
    Set<String> keys = new LinkedHashSet<>();
    for (Option option : options) if (option.key) keys.add(option.longName());
    return keys;
  }

  private String key(Grammar line) throws UserError {
    Set<String> keys = keys();
    List<String> given = line.given().stream().filter(keys::contains).toList();
    boolean asksHelp = line.values().containsKey("--help") || line.values().containsKey("--version");
    if (given.isEmpty() && (keys.isEmpty() || asksHelp)) return "";
    if (given.isEmpty()) throw new UserError(ExitCode.USAGE, "one of " + String.join(" ", keys) + " is needed");
    if (given.size() > 1) {
      throw new UserError(ExitCode.USAGE, "cannot have both " + given.get(0) + " and " + given.get(1));
    }
    return given.get(0);
  }

  /** An option whose value is tested; an empty value stands for no value at all. */
  private ToolSpec checked(
      String label, Function<String, Boolean> good, String otherwise, String... namesAndHelp) {
    Function<String, Optional<String>> complaint =
        value ->
            value.isEmpty() || good.apply(value) ? Optional.empty() : Optional.of("'" + value + "' is " + otherwise);
    return option(false, label, complaint, namesAndHelp);
  }

  private ToolSpec option(
      boolean key, String label, Function<String, Optional<String>> complaint, String... namesAndHelp) {
    int last = namesAndHelp.length - 1;
    List<String> names = List.of(Arrays.copyOf(namesAndHelp, last));
    options.add(new Option(key, names, label, namesAndHelp[last], complaint));
    return this;
  }

  private static boolean number(String text, int most) {
    return text.matches("\\d{1,10}") && Long.parseLong(text) <= most;
  }
}

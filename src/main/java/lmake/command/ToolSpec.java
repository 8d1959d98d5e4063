package lmake.command;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import lmake.base.ExitCode;
import lmake.base.UserError;

/**
 * The command line of one tool: a table of options. {@link Grammar} enforces the forms our users' scripts were told, then
 * {@link Parser} has picocli check and convert the values. A line of operands only, as most are, never loads picocli.
 */
final class ToolSpec {
  /** What {@code --version} says. */
  static final String VERSION = "version 0.1.0 (repo:1)";

  private final String tool;
  private final String operands;
  private final List<Option> options = new ArrayList<>();

  /** What the value of an option must be. */
  enum Kind {
    FLAG, // there is none
    TEXT,
    NUMBER, // from 0 to the limit
    CHOICE, // one of the words of the label
    DURATION
  }

  /**
   * An option.
   *
   * @param key one of those of which exactly one is needed
   * @param names short then long, or long alone
   * @param label of its value, "" when it has none
   * @param most limit of a number
   */
  record Option(boolean key, List<String> names, Kind kind, String label, int most, String help) {
    boolean flag() {
      return kind == Kind.FLAG;
    }

    /** The name by which it is known from here on. */
    String longName() {
      return names.get(names.size() - 1);
    }

    /** Words of a choice. */
    List<String> words() {
      return kind == Kind.CHOICE ? List.of(label.split("\\|")) : List.of();
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
    return option(false, Kind.FLAG, "", 0, namesAndHelp);
  }

  /** One of the options of which exactly one is needed. */
  ToolSpec key(String... namesAndHelp) {
    return option(true, Kind.FLAG, "", 0, namesAndHelp);
  }

  /** An option with a text. */
  ToolSpec text(String label, String... namesAndHelp) {
    return option(false, Kind.TEXT, label, 0, namesAndHelp);
  }

  /** An option with a number up to a limit. */
  ToolSpec number(int most, String... namesAndHelp) {
    return option(false, Kind.NUMBER, "n", most, namesAndHelp);
  }

  /** An option with one of some words. */
  ToolSpec choice(List<String> words, String... namesAndHelp) {
    return option(false, Kind.CHOICE, String.join("|", words), 0, namesAndHelp);
  }

  /** An option with a duration such as {@code 2h30m}. */
  ToolSpec duration(String... namesAndHelp) {
    return option(false, Kind.DURATION, "duration", 0, namesAndHelp);
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

  /** Those of a tool that takes no job. */
  ToolSpec commonWithoutJob() {
    common();
    options.removeIf(option -> option.longName().equals("--job") || option.longName().equals("--rule"));
    return this;
  }

  String tool() {
    return tool;
  }

  String operands() {
    return operands;
  }

  List<Option> options() {
    return options;
  }

  /** Those of which exactly one is needed; empty when the tool has none. */
  List<Option> keys() {
    return options.stream().filter(Option::key).toList();
  }

  /** The option with this name, dashes included; empty when there is none. */
  Optional<Option> find(String name) {
    return options.stream().filter(option -> option.names.contains(name)).findFirst();
  }

  /** Parses; all that is wrong with a command line is a {@link UserError} of code USAGE. */
  Options parse(List<String> args) throws UserError {
    Grammar line = Grammar.read(this, args);
    String key = key(line);
    if (line.values().isEmpty()) return new Options(Map.of(), key, line.operands());
    return new Options(new Parser(this).parse(line.values()), key, line.operands());
  }

  /** Help: the same text for {@code -h} and below a usage error. */
  String usage(String installDir) {
    return new Parser(this).usage(installDir);
  }

  private String key(Grammar line) throws UserError {
    List<String> keys = keys().stream().map(Option::longName).toList();
    List<String> given = line.given().stream().filter(keys::contains).toList();
    boolean asksHelp = line.values().containsKey("--help") || line.values().containsKey("--version");
    if (given.isEmpty() && (keys.isEmpty() || asksHelp)) return "";
    if (given.isEmpty()) throw new UserError(ExitCode.USAGE, "one of " + String.join(" ", keys) + " is needed");
    if (given.size() > 1) {
      throw new UserError(ExitCode.USAGE, "cannot have both " + given.get(0) + " and " + given.get(1));
    }
    return given.get(0);
  }

  private ToolSpec option(boolean key, Kind kind, String label, int most, String... namesAndHelp) {
    int last = namesAndHelp.length - 1;
    options.add(new Option(key, List.of(Arrays.copyOf(namesAndHelp, last)), kind, label, most, namesAndHelp[last]));
    return this;
  }
}

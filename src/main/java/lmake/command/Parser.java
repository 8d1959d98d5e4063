package lmake.command;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lmake.base.ExitCode;
import lmake.base.UserError;
import lmake.command.ToolSpec.Option;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.TypeConversionException;

/**
 * The options of a tool as picocli has them: values are checked and converted, help and completion are written. Alone in
 * knowing picocli, whose model is made by calls (annotations cost twice the start). Good for one command line, since
 * values stay in the model and commands overlap.
 */
final class Parser {
  private static final Pattern DURATION =
      Pattern.compile("(?:(\\d{1,6})d)?(?:(\\d{1,6})h)?(?:(\\d{1,6})m)?(?:(\\d{1,9}(?:\\.\\d+)?)s?)?");

  private static final int[] UNITS = {86400, 3600, 60, 1};

  private final ToolSpec tool;
  private final CommandSpec spec = CommandSpec.create();

  Parser(ToolSpec tool) {
    this.tool = tool;
    spec.name(tool.tool()).interpolateVariables(false);
    for (Option option : tool.options()) spec.addOption(model(option));
  }

  /** Values by long name, {@code true} for a flag. What comes has the form we accept already, and nothing twice. */
  Map<String, Object> parse(Map<String, String> values) throws UserError {
    List<String> args = new ArrayList<>();
    values.forEach((name, value) -> args.add(tool.find(name).orElseThrow().flag() ? name : name + "=" + value));
    CommandLine line = new CommandLine(spec).setExpandAtFiles(false).setTrimQuotes(false);
    // A value may look like anything; no argument holds a NUL.
    line.setAllowOptionsAsOptionParameters(true).setEndOfOptionsDelimiter("\0");
    Map<String, Object> converted = new LinkedHashMap<>();
    try {
      for (OptionSpec option : line.parseArgs(args.toArray(new String[0])).matchedOptions()) {
        converted.put(option.longestName(), option.getValue());
      }
    } catch (CommandLine.ParameterException e) {
      throw new UserError(ExitCode.USAGE, e.getMessage().lines().findFirst().orElse("bad command line"));
    }
    return converted;
  }

  /** Help: the same text for {@code -h} and below a usage error. */
  String usage(String installDir) {
    StringBuilder text = new StringBuilder(tool.tool() + " [options] " + tool.operands() + "\n");
    text.append(ToolSpec.VERSION).append('\n');
    if (!tool.keys().isEmpty()) text.append("keys (exactly 1) :\n").append(rows(true));
    text.append("flags :\n").append(rows(false));
    text.append("consider :\n  man ").append(tool.tool()).append("\n  ");
    return text.append(installDir).append("/doc/index.html\n").toString();
  }

  /** A bash script that completes options and names of files. */
  String completion() {
    spec.addPositional(PositionalParamSpec.builder().paramLabel("file").arity("0..*").type(java.io.File.class).build());
    return AutoComplete.bash(tool.tool(), new CommandLine(spec));
  }

  private String rows(boolean key) {
    Help.ColorScheme plain = Help.defaultColorScheme(Help.Ansi.OFF);
    int width = tool.options().stream().mapToInt(option -> shown(option).length()).max().orElse(0);
    Help.TextTable table =
        Help.TextTable.forColumns(
            plain,
            new Help.Column(2 + width, 2, Help.Column.Overflow.TRUNCATE),
            new Help.Column(120, 1, Help.Column.Overflow.WRAP));
    for (Option option : tool.options()) {
      if (option.key() == key) table.addRowValues(shown(option), ": " + option.help());
    }
    return table.toString();
  }

  private static String shown(Option option) {
    return String.join(" or ", option.names()) + (option.flag() ? "" : " <" + option.label() + ">");
  }

  private static OptionSpec model(Option option) {
    OptionSpec.Builder model = OptionSpec.builder(option.names().toArray(new String[0])).description(option.help());
    if (option.flag()) return model.type(boolean.class).arity("0").build();
    model.arity("1").paramLabel("<" + option.label() + ">");
    return switch (option.kind()) {
      case NUMBER -> model.type(Integer.class).converters(new NumberConverter(option.most())).build();
      case CHOICE -> model.type(String.class).converters(new ChoiceConverter(option.words()))
          .completionCandidates(option.words()).build();
      case DURATION -> model.type(Duration.class).converters(new DurationConverter()).build();
      default -> model.type(String.class).build();
    };
  }

  // Converters are no lambdas: of an interface as old as picocli's the class-data archive takes none, and leaves out
  // the interface as well.

  private record NumberConverter(int most) implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
      if (text.matches("\\d{1,10}") && Long.parseLong(text) <= most) return Integer.valueOf(text);
      throw new TypeConversionException("'" + text + "' is not a number in 0.." + most);
    }
  }

  private record ChoiceConverter(List<String> words) implements ITypeConverter<String> {
    @Override
    public String convert(String text) {
      if (words.contains(text)) return text;
      throw new TypeConversionException("'" + text + "' is none of " + String.join(" ", words));
    }
  }

  private record DurationConverter() implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String text) {
      Matcher m = DURATION.matcher(text);
      if (!m.matches()) throw new TypeConversionException("'" + text + "' is not a duration such as 2h30m");
      double seconds = 0;
      for (int i = 0; i < UNITS.length; i++) {
        if (m.group(i + 1) != null) seconds += Double.parseDouble(m.group(i + 1)) * UNITS[i];
      }
      return Duration.ofMillis(Math.round(seconds * 1000));
    }
  }
}

package lmake.command;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lmake.base.ExitCode;
import lmake.base.UserError;
import lmake.command.ToolSpec.Option;

/**
 * A thin pass before picocli, which is laxer than what our users' scripts were told: short options combine, {@code
 * --jobs 4} is refused, {@code -j=4} means the value {@code =4}, options and operands mix, the last value wins, an
 * empty one stands for no option at all.
 *
 * @param values by long name, "" for a flag
 * @param given long names of the options in order, as often as they came
 * @param operands the arguments that are no options
 */
record Grammar(Map<String, String> values, List<String> given, List<String> operands) {
  static Grammar read(ToolSpec tool, List<String> args) throws UserError {
    Grammar line = new Grammar(new LinkedHashMap<>(), new ArrayList<>(), new ArrayList<>());
    for (int i = 0; i < args.size(); i++) {
      String arg = args.get(i);
      if (arg.equals("--")) {
        line.operands.addAll(args.subList(i + 1, args.size()));
        break;
      }
      if (arg.equals("-")) throw wrong("unexpected lone -");
      if (arg.startsWith("--")) line.readLong(tool, arg);
      else if (arg.startsWith("-")) i = line.readCluster(tool, args, i);
      else line.operands.add(arg);
    }
    if (line.operands.contains("")) throw wrong("unexpected empty argument");
    return line;
  }

  private void readLong(ToolSpec tool, String arg) throws UserError {
    int equal = arg.indexOf('=');
    String name = equal < 0 ? arg : arg.substring(0, equal);
    Option option = find(tool, name);
    if (option.flag() && equal >= 0) throw wrong("unexpected value for option " + name);
    if (!option.flag() && equal < 0) throw wrong("no value for option " + name + ", consider : " + name + "=<value>");
    add(option, option.flag() ? "" : arg.substring(equal + 1));
  }

  /** Reads {@code -abj4}; gives the index of the last argument it used. */
  private int readCluster(ToolSpec tool, List<String> args, int at) throws UserError {
    String cluster = args.get(at);
    for (int c = 1; c < cluster.length(); c++) {
      Option option = find(tool, "-" + cluster.charAt(c));
      if (option.flag()) {
        add(option, "");
        continue;
      }
      if (c + 1 < cluster.length()) {
        add(option, cluster.substring(c + 1));
        return at;
      }
      if (at + 1 == args.size()) throw wrong("no value for option -" + cluster.charAt(c));
      add(option, args.get(at + 1));
      return at + 1;
    }
    return at;
  }

  private void add(Option option, String value) {
    given.add(option.longName());
    if (option.flag() || !value.isEmpty()) values.put(option.longName(), value);
    else values.remove(option.longName());
  }

  private static Option find(ToolSpec tool, String name) throws UserError {
    return tool.find(name).orElseThrow(() -> wrong("unexpected option " + name));
  }

  private static UserError wrong(String message) {
    return new UserError(ExitCode.USAGE, message);
  }
}

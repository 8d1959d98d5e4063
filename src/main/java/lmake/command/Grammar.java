package lmake.command;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import lmake.base.ExitCode;
import lmake.base.UserError;
import picocli.CommandLine.Model.OptionSpec;

/**
 * A thin pass before picocli, which is laxer than what our users' scripts were told: {@code --jobs 4} is refused, {@code -j=4}
 * means the value {@code =4}, a lone dash is a mistake. What comes out is of one form only: {@code --jobs=4}.
 *
 * @param options names of the options given, in order, in their long form
 * @param canonical what picocli is given
 * @param operands the arguments that are no options
 */
record Grammar(List<String> options, List<String> canonical, List<String> operands) {
  static Grammar read(ToolSpec tool, List<String> args) throws UserError {
    Grammar line = new Grammar(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
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
    OptionSpec option = find(tool, name);
    boolean flag = option.arity().max() == 0;
    if (flag && equal >= 0) throw wrong("unexpected value for option " + name);
    if (!flag && equal < 0) throw wrong("no value for option " + name + ", consider : " + name + "=<value>");
    add(option, flag ? "" : arg.substring(equal));
  }

  /** Reads {@code -abj4}; gives the index of the last argument it used. */
  private int readCluster(ToolSpec tool, List<String> args, int at) throws UserError {
    String cluster = args.get(at);
    for (int c = 1; c < cluster.length(); c++) {
      OptionSpec option = find(tool, "-" + cluster.charAt(c));
      if (option.arity().max() == 0) {
        add(option, "");
        continue;
      }
      if (c + 1 < cluster.length()) {
        add(option, "=" + cluster.substring(c + 1));
        return at;
      }
      if (at + 1 == args.size()) throw wrong("no value for option -" + cluster.charAt(c));
      add(option, "=" + args.get(at + 1));
      return at + 1;
    }
    return at;
  }

  private void add(OptionSpec option, String value) {
    options.add(option.longestName());
    canonical.add(option.longestName() + value);
  }

  private static OptionSpec find(ToolSpec tool, String name) throws UserError {
    Optional<OptionSpec> option = tool.find(name);
    return option.orElseThrow(() -> wrong("unexpected option " + name));
  }

  private static UserError wrong(String message) {
    return new UserError(ExitCode.USAGE, message);
  }
}

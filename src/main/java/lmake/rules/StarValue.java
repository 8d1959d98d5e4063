package lmake.rules;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a star target is worth in an expression: its regular expression in Python syntax, and what the evaluator needs to make
 * a function of it.
 *
 * @param regex static parts escaped, a named group per named star stem, a plain group for an unnamed one
 * @param parts text, or the number of an argument
 * @param names names of the arguments, empty for an unnamed one
 */
record StarValue(String regex, List<Object> parts, List<String> names) {
  /** What {@code re.escape} puts a backslash before. */
  private static final String SPECIAL = "()[]{}?*+-|^$\\.&~# \t\n\r\u000b\f";

  static StarValue of(TargetEntry entry, Stems stems, String[] values) {
    StringBuilder regex = new StringBuilder();
    List<Object> parts = new ArrayList<>();
    List<Integer> args = new ArrayList<>();
    Set<Integer> seen = new HashSet<>();
    for (Object part : entry.parts()) {
      if (!(part instanceof Integer stem) || !stems.star(stem)) {
        String text = part instanceof Integer i ? values[i] : (String) part;
        regex.append(escape(text));
        parts.add(text);
        continue;
      }
      if (seen.add(stem)) args.add(stem);
      else if (stems.named(stem)) {
        regex.append("(?P=").append(stems.name(stem)).append(')');
        parts.add(args.indexOf(stem));
        continue;
      }
      regex.append(stems.named(stem) ? "(?P<" + stems.name(stem) + ">" : "(").append(stems.regex(stem)).append(')');
      parts.add(args.indexOf(stem));
    }
    List<String> names = args.stream().map(stem -> stems.named(stem) ? stems.name(stem) : "").toList();
    return new StarValue(regex.toString(), List.copyOf(parts), names);
  }

  private static String escape(String text) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      if (SPECIAL.indexOf(text.charAt(i)) >= 0) out.append('\\');
      out.append(text.charAt(i));
    }
    return out.toString();
  }

  /** As it travels to the evaluator: {@code {"star":regex, "parts":[…], "args":[…]}}. */
  Map<String, Object> json() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("star", regex);
    map.put("parts", parts);
    map.put("args", names);
    return map;
  }
}

package lmake.rules;

import java.util.HashSet;
import java.util.Set;

/** What a star target is worth in a text: its regular expression, in the syntax of Python's {@code re}. Pure. */
final class StarValue {
  /** What must have a backslash before it to mean itself. */
  private static final String SPECIAL = "()[]{}?*+-|^$\\.&~# \t\n\r\u000b\f";

  private StarValue() {}

  /** Static parts escaped, a named group for a named star stem, a plain one for an unnamed one, references for repetitions. */
  static String regex(TargetEntry entry, Stems stems, String[] values) {
    StringBuilder regex = new StringBuilder();
    Set<Integer> seen = new HashSet<>();
    for (Object part : entry.parts()) {
      if (part instanceof String text) appendEscaped(regex, text);
      else if (!stems.star((Integer) part)) appendEscaped(regex, values[(Integer) part]);
      else appendStar(regex, stems, (Integer) part, seen.add((Integer) part));
    }
    return regex.toString();
  }

  private static void appendStar(StringBuilder regex, Stems stems, int stem, boolean first) {
    String name = stems.name(stem);
    if (!stems.named(stem)) regex.append('(').append(stems.regex(stem)).append(')');
    else if (first) regex.append("(?P<").append(name).append('>').append(stems.regex(stem)).append(')');
    else regex.append("(?P=").append(name).append(')');
  }

  private static void appendEscaped(StringBuilder out, String text) {
    for (int i = 0; i < text.length(); i++) {
      if (SPECIAL.indexOf(text.charAt(i)) >= 0) out.append('\\');
      out.append(text.charAt(i));
    }
  }
}

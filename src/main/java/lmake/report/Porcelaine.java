package lmake.report;

import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import lmake.base.Bug;

/**
 * Values as python literals: maps are dicts, lists tuples, sets sets. {@code eval} gives them back; a name with bytes
 * that are not UTF-8 comes back as {@code os.fsdecode} would give it. Pure.
 */
public final class Porcelaine {
  /** Python's None. */
  public static final Object NONE =
      new Object() {
        @Override
        public String toString() {
          return "None";
        }
      };

  private Porcelaine() {}

  /** Several lines: one per entry of a dict. */
  public static String show(Object value) {
    StringBuilder out = new StringBuilder();
    write(value, 0, out);
    return out.toString();
  }

  private static void write(Object value, int depth, StringBuilder out) {
    if (value == NONE) out.append("None");
    else if (value instanceof String text) out.append(literal(text));
    else if (value instanceof Boolean b) out.append(b ? "True" : "False");
    else if (value instanceof Integer || value instanceof Long) out.append(value);
    else if (value instanceof Double d) out.append(String.format(Locale.ROOT, "%f", d));
    else if (value instanceof Map<?, ?> map) dict(map, depth, out);
    else if (value instanceof List<?> list) tuple(list, depth, out);
    else if (value instanceof Set<?> set) set(set, depth, out);
    else throw Bug.of("no python literal for %s", value.getClass());
  }

  private static void dict(Map<?, ?> map, int depth, StringBuilder out) {
    if (map.isEmpty()) {
      out.append("{}");
      return;
    }
    String newline = "\n" + "  ".repeat(depth);
    String lead = "{ ";
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      out.append(lead);
      write(entry.getKey(), depth + 1, out);
      out.append(" : ");
      write(entry.getValue(), depth + 1, out);
      lead = newline + ", ";
    }
    out.append(newline).append('}');
  }

  private static void tuple(List<?> list, int depth, StringBuilder out) {
    if (list.isEmpty()) {
      out.append("()");
      return;
    }
    out.append("( ");
    items(list.iterator(), depth, out);
    // Without its comma, a tuple of one would be a mere value.
    out.append(list.size() == 1 ? " ,)" : " )");
  }

  private static void set(Set<?> set, int depth, StringBuilder out) {
    // Python has no literal for an empty set: scripts expect a dict.
    if (set.isEmpty()) {
      out.append("{}");
      return;
    }
    out.append("{ ");
    items(set.iterator(), depth, out);
    out.append(" }");
  }

  private static void items(Iterator<?> items, int depth, StringBuilder out) {
    while (items.hasNext()) {
      write(items.next(), depth + 1, out);
      if (items.hasNext()) out.append(" , ");
    }
  }

  /** A str, in ASCII. */
  public static String literal(String text) {
    StringBuilder out = new StringBuilder("'");
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      if (c == '\'' || c == '\\') out.append('\\').append((char) c);
      else if (c == '\n') out.append("\\n");
      else if (c == '\t') out.append("\\t");
      else if (c == '\r') out.append("\\r");
      else if (c < 0x20 || c >= 0x7F && c <= 0xFF) out.append(String.format("\\x%02x", c));
      else if (c < 0x7F) out.append((char) c);
      else out.append(String.format(c > 0xFFFF ? "\\U%08x" : "\\u%04x", c));
    }
    return out.append('\'').toString();
  }
}

package lmake.rules;

import java.util.Map;

/** Java values as Python source text, or as Python would print them. Pure. */
final class Python {
  private Python() {}

  /** {@code str(value)}, but the empty text for None. */
  static String str(Object value) {
    if (value == null) return "";
    if (value instanceof String s) return s;
    if (value instanceof Boolean b) return b ? "True" : "False";
    if (value instanceof Double || value instanceof Float) return real(((Number) value).doubleValue());
    return value instanceof Number ? value.toString() : literal(value);
  }

  /** Python's repr of a float. */
  private static String real(double value) {
    if (Double.isNaN(value)) return "nan";
    if (Double.isInfinite(value)) return value > 0 ? "inf" : "-inf";
    double size = Math.abs(value);
    if (size == 0 || size >= 1e-4 && size < 1e16) {
      String plain = new java.math.BigDecimal(Double.toString(value)).stripTrailingZeros().toPlainString();
      String signed = value == 0 && 1 / value < 0 ? "-0" : plain;
      return signed.indexOf('.') < 0 ? signed + ".0" : signed;
    }
    String text = Double.toString(value).replace(".0E", "E").replace("E", "e");
    int mark = text.indexOf('e') + 1;
    boolean minus = text.charAt(mark) == '-';
    String exponent = text.substring(minus ? mark + 1 : mark);
    return text.substring(0, mark) + (minus ? "-" : "+") + (exponent.length() < 2 ? "0" + exponent : exponent);
  }

  /** Source text whose value this is. The text is ASCII, so that the encoding of what holds it does not matter. */
  static String literal(Object value) {
    StringBuilder out = new StringBuilder();
    append(out, value);
    return out.toString();
  }

  private static void append(StringBuilder out, Object value) {
    if (value == null) out.append("None");
    else if (value instanceof String s) appendText(out, s);
    else if (value instanceof Map<?, ?> map) appendMap(out, map);
    else if (value instanceof Iterable<?> items) {
      out.append('[');
      String comma = "";
      for (Object item : items) {
        out.append(comma);
        append(out, item);
        comma = ", ";
      }
      out.append(']');
    } else out.append(str(value));
  }

  private static void appendMap(StringBuilder out, Map<?, ?> map) {
    out.append('{');
    String comma = "";
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      out.append(comma);
      append(out, entry.getKey());
      out.append(": ");
      append(out, entry.getValue());
      comma = ", ";
    }
    out.append('}');
  }

  private static void appendText(StringBuilder out, String text) {
    out.append('\'');
    for (int i = 0; i < text.length(); i++) {
      int c = text.codePointAt(i);
      if (c == '\'' || c == '\\') out.append('\\').append((char) c);
      else if (c >= ' ' && c < 0x7f) out.append((char) c);
      else if (c == '\n') out.append("\\n");
      else if (c < 0x100) out.append(String.format("\\x%02x", c));
      else if (c < 0x10000) out.append(String.format("\\u%04x", c));
      else {
        out.append(String.format("\\U%08x", c));
        i++;
      }
    }
    out.append('\'');
  }
}

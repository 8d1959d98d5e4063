package lmake.report;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * File names are bytes; in Java they are strings in which a byte that is not UTF-8 is a lone surrogate U+DC80..U+DCFF.
 * Here they become bytes again, or what a terminal can show. Pure.
 */
public final class Printable {
  private static final String HEX = "0123456789abcdef";

  private Printable() {}

  /** The very bytes of a name. */
  public static byte[] bytes(String text) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(text.length() + 8);
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      if (c >= 0xDC80 && c <= 0xDCFF) out.write(c - 0xDC00);
      else if (c < 0x80) out.write(c);
      else out.writeBytes(new String(Character.toChars(c)).getBytes(StandardCharsets.UTF_8));
    }
    return out.toByteArray();
  }

  /** The name with these bytes: what is not UTF-8 becomes lone surrogates. */
  public static String decode(byte[] bytes) {
    StringBuilder out = new StringBuilder(bytes.length);
    for (int i = 0; i < bytes.length; ) {
      int length = sequence(bytes, i);
      if (length > 0) out.append(new String(bytes, i, length, StandardCharsets.UTF_8));
      else out.append((char) (0xDC00 + (bytes[i] & 0xFF)));
      i += Math.max(1, length);
    }
    return out.toString();
  }

  /** Length of the UTF-8 sequence that begins there, 0 when there is none. */
  private static int sequence(byte[] bytes, int at) {
    int b = bytes[at] & 0xFF;
    if (b < 0x80) return 1;
    int length = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : b >= 0xC2 ? 2 : 0;
    if (length == 0 || at + length > bytes.length) return 0;
    // Java's decoder knows overlong forms and surrogates; one replacement char is one wrong byte.
    return new String(bytes, at, length, StandardCharsets.UTF_8).indexOf('\uFFFD') < 0
            || length == 3 && b == 0xEF && (bytes[at + 1] & 0xFF) == 0xBF && (bytes[at + 2] & 0xFF) == 0xBD
        ? length
        : 0;
  }

  /** ASCII for a person: bytes that are not ASCII, and control characters, as {@code \xHH}. */
  public static String show(String text) {
    if (plain(text)) return text;
    StringBuilder out = new StringBuilder();
    for (byte b : bytes(text)) {
      int c = b & 0xFF;
      if (c >= 0x20 && c < 0x7F || c == '\t') out.append((char) c);
      else out.append("\\x").append(HEX.charAt(c >> 4)).append(HEX.charAt(c & 15));
    }
    return out.toString();
  }

  /** The text as one word of a shell. */
  public static String quote(String text) {
    boolean tame = !text.isEmpty();
    for (int i = 0; i < text.length() && tame; i++) {
      char c = text.charAt(i);
      tame = c > 0x7F || Character.isLetterOrDigit(c) || "@%+=:,./-_".indexOf(c) >= 0;
    }
    return tame ? text : "'" + text.replace("'", "'\\''") + "'";
  }

  private static boolean plain(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if ((c < 0x20 || c >= 0x7F) && c != '\t') return false;
    }
    return true;
  }
}

package lmake.store;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Strings to bytes and back. File names are bytes: those that are not UTF-8 travel in strings as lone surrogates
 * U+DC80..U+DCFF, one per byte, as Python's {@code surrogateescape} does. Pure functions.
 *
 * <p>From bytes to a string and back is the identity. A string that no bytes give (another lone surrogate) is written
 * as its three-byte form, which is read back as three escapes: no file has such a name.
 */
final class Text {
  private static final int ESCAPE = 0xDC00;

  /** Most bytes one char can take; a pair of surrogates takes four. */
  static final int MAX_PER_CHAR = 3;

  private Text() {}

  /** Writes a string at a place of an array that has room for {@link #MAX_PER_CHAR} bytes a char; gives the end. */
  static int encode(String text, byte[] out, int at) {
    int length = text.length();
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (c < 0x80) {
        out[at++] = (byte) c;
        continue;
      }
      int end = encodeWide(text, i, out, at);
      if (end - at == 4) i++; // it took a pair of surrogates
      at = end;
    }
    return at;
  }

  /**
   * Writes the char at a place of a string, which is not ASCII: with the next one, as four bytes, if they are a pair.
   */
  static int encodeWide(String text, int i, byte[] out, int at) {
    char c = text.charAt(i);
    char next = i + 1 < text.length() ? text.charAt(i + 1) : 0;
    if (Character.isSurrogatePair(c, next)) return encodePair(Character.toCodePoint(c, next), out, at);
    return encodeChar(c, out, at);
  }

  static byte[] encode(String text) {
    byte[] out = new byte[text.length() * MAX_PER_CHAR];
    return Arrays.copyOf(out, encode(text, out, 0));
  }

  private static int encodeChar(char c, byte[] out, int at) {
    if (c < 0x800) {
      out[at++] = (byte) (0xC0 | c >> 6);
    } else if (c >= ESCAPE + 0x80 && c <= ESCAPE + 0xFF) {
      out[at++] = (byte) c;
      return at;
    } else {
      out[at++] = (byte) (0xE0 | c >> 12);
      out[at++] = (byte) (0x80 | c >> 6 & 0x3F);
    }
    out[at++] = (byte) (0x80 | c & 0x3F);
    return at;
  }

  private static int encodePair(int code, byte[] out, int at) {
    out[at++] = (byte) (0xF0 | code >> 18);
    out[at++] = (byte) (0x80 | code >> 12 & 0x3F);
    out[at++] = (byte) (0x80 | code >> 6 & 0x3F);
    out[at++] = (byte) (0x80 | code & 0x3F);
    return at;
  }

  static String decode(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) if (bytes[i] < 0) return decodeWide(bytes, from, to);
    return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
  }

  private static String decodeWide(byte[] bytes, int from, int to) {
    StringBuilder out = new StringBuilder(to - from);
    for (int i = from; i < to; ) {
      int length = sequence(bytes, i, to);
      if (length == 0) {
        out.append((char) (ESCAPE + (bytes[i++] & 0xFF)));
        continue;
      }
      out.appendCodePoint(codePoint(bytes, i, length));
      i += length;
    }
    return out.toString();
  }

  /** Length of the valid UTF-8 sequence here, 0 when there is none. */
  private static int sequence(byte[] bytes, int at, int to) {
    int lead = bytes[at] & 0xFF;
    int length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (at + length > to) return 0;
    for (int i = 1; i < length; i++) if ((bytes[at + i] & 0xC0) != 0x80) return 0;
    if (length < 3) return length;
    int code = codePoint(bytes, at, length);
    boolean shortest = code >= (length == 3 ? 0x800 : 0x10000);
    boolean surrogate = code >= 0xD800 && code <= 0xDFFF;
    return shortest && !surrogate && code <= Character.MAX_CODE_POINT ? length : 0;
  }

  private static int codePoint(byte[] bytes, int at, int length) {
    if (length == 1) return bytes[at];
    int code = bytes[at] & 0x7F >> length;
    for (int i = 1; i < length; i++) code = code << 6 | bytes[at + i] & 0x3F;
    return code;
  }
}

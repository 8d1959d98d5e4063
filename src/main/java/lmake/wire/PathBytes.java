package lmake.wire;

import java.nio.charset.StandardCharsets;

/**
 * File names are bytes; inside the server they are strings. UTF-8 is decoded, a byte that is no part of it becomes a
 * lone surrogate U+DC80..U+DCFF, and encoding gives back the very same bytes. Pure; any thread.
 */
public final class PathBytes {
  private static final char BAD = 0xDC00;

  private PathBytes() {}

  public static String decode(byte[] bytes) {
    return decode(bytes, 0, bytes.length);
  }

  public static String decode(byte[] bytes, int from, int length) {
    if (ascii(bytes, from, length)) return new String(bytes, from, length, StandardCharsets.ISO_8859_1);
    StringBuilder text = new StringBuilder(length);
    int end = from + length;
    for (int i = from; i < end; ) {
      int size = sequence(bytes, i, end);
      if (size == 0) text.append((char) (BAD | bytes[i++] & 0xFF));
      else {
        text.appendCodePoint(codePoint(bytes, i, size));
        i += size;
      }
    }
    return text.toString();
  }

  /** A lone surrogate that stands for no byte becomes the UTF-8 form of its code, which decodes to three bad bytes. */
  public static byte[] encode(String text) {
    int length = text.length();
    byte[] bytes = new byte[3 * length]; // a pair of chars makes 4 bytes, a single one at most 3
    int size = 0;
    for (int i = 0; i < length; i++) {
      int c = text.charAt(i);
      if (c < 0x80) bytes[size++] = (byte) c;
      else if (c >= BAD + 0x80 && c <= BAD + 0xFF) bytes[size++] = (byte) c;
      else {
        int point = text.codePointAt(i);
        if (point > 0xFFFF) i++;
        size = put(bytes, size, point);
      }
    }
    return size == bytes.length ? bytes : java.util.Arrays.copyOf(bytes, size);
  }

  private static boolean ascii(byte[] bytes, int from, int length) {
    for (int i = from; i < from + length; i++) if (bytes[i] < 0) return false;
    return true;
  }

  /**
   * Length of the well-formed sequence at i, 0 when there is none: too short, too long for its value, or a surrogate.
   */
  private static int sequence(byte[] bytes, int i, int end) {
    int first = bytes[i] & 0xFF;
    if (first < 0x80) return 1;
    if (first < 0xC2 || first > 0xF4) return 0;
    int size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if ( i + size > end) return 0;
    for (int k = 1; k < size; k++) if ((bytes[i + k] & 0xC0) != 0x80) return 0;
    int point = codePoint(bytes, i, size);
    if (size == 3 && (point < 0x800 || point >= 0xD800 && point < 0xE000)) return 0;
    return size == 4 && (point < 0x10000 || point > 0x10FFFF) ? 0 : size;
  }

  private static int codePoint(byte[] bytes, int i, int size) {
    if (size == 1) return bytes[i];
    int point = bytes[i] & 0xFF >> size + 1;
    for (int k = 1; k < size; k++) point = point << 6 | bytes[i + k] & 0x3F;
    return point;
  }

  private static int put(byte[] bytes, int at, int point) {
    int size = at;
    if (point < 0x800) bytes[size++] = (byte) (0xC0 | point >> 6);
    else {
      if (point < 0x10000) bytes[size++] = (byte) (0xE0 | point >> 12);
      else {
        bytes[size++] = (byte) (0xF0 | point >> 18);
        bytes[size++] = (byte) (0x80 | point >> 12 & 0x3F);
      }
      bytes[size++] = (byte) (0x80 | point >> 6 & 0x3F);
    }
    bytes[size++] = (byte) (0x80 | point & 0x3F);
    return size;
  }
}

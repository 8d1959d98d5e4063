package lmake.store;

import java.util.Arrays;

/** A growing array of bytes being written: little-endian numbers, varints (7 bits a byte, low ones first), strings. */
final class Out {
  private byte[] bytes;
  private int size;

  Out(int capacity) {
    bytes = new byte[capacity];
  }

  /** Forgets what was written, keeps the room. */
  Out clear() {
    size = 0;
    return this;
  }

  /** The array itself, of which the first {@link #size} bytes count; good until the next write. */
  /** Forgets what was written last. */
  void truncate(int to) {
    size = to;
  }

  byte[] array() {
    return bytes;
  }

  int size() {
    return size;
  }

  byte[] toArray() {
    return Arrays.copyOf(bytes, size);
  }

  Out u8(int value) {
    fit(1);
    bytes[size++] = (byte) value;
    return this;
  }

  Out u32(int value) {
    fit(4);
    for (int i = 0; i < 4; i++) bytes[size++] = (byte) (value >>> 8 * i);
    return this;
  }

  Out u64(long value) {
    fit(8);
    for (int i = 0; i < 8; i++) bytes[size++] = (byte) (value >>> 8 * i);
    return this;
  }

  /** Unsigned. */
  Out varint(long value) {
    fit(10);
    while ((value & ~0x7FL) != 0) {
      bytes[size++] = (byte) (value | 0x80);
      value >>>= 7;
    }
    bytes[size++] = (byte) value;
    return this;
  }

  /** Length, then content. */
  Out bytes(byte[] value) {
    varint(value.length);
    return raw(value);
  }

  /** Content alone. */
  Out raw(byte[] value) {
    fit(value.length);
    System.arraycopy(value, 0, bytes, size, value.length);
    size += value.length;
    return this;
  }

  /** Length in bytes, then the bytes of {@link Text}. */
  Out string(String value) {
    int length = value.length();
    if (length >= 128 / Text.MAX_PER_CHAR) return bytes(Text.encode(value));
    // One byte is enough for the length, whatever the chars: written when known.
    fit(1 + length * Text.MAX_PER_CHAR);
    int end = Text.encode(value, bytes, size + 1);
    bytes[size] = (byte) (end - size - 1);
    size = end;
    return this;
  }

  Out raw(byte[] value, int length) {
    fit(length);
    System.arraycopy(value, 0, bytes, size, length);
    size += length;
    return this;
  }

  /** Writes over four bytes that were written. */
  void put32(int at, int value) {
    for (int i = 0; i < 4; i++) bytes[at + i] = (byte) (value >>> 8 * i);
  }

  private void fit(int more) {
    if (size + more > bytes.length) bytes = Arrays.copyOf(bytes, Math.max(size + more, 2 * bytes.length));
  }

  /** Small for numbers near zero on both sides. */
  static long zigzag(long value) {
    return value << 1 ^ value >> 63;
  }
}

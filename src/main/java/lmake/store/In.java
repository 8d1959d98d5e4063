package lmake.store;

import java.nio.ByteBuffer;
import java.util.Arrays;
import lmake.base.Bug;

/**
 * Reads back what {@link Out} wrote. What is read carries a checksum, so to run past the end is a bug. Checks are spelt
 * out rather than {@link Bug#check}, whose arguments are boxed even when it holds: this runs once a byte.
 */
final class In {
  private final byte[] bytes;
  private int at;

  In(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Copies the rest of the buffer: it belongs to LMDB and dies with the transaction. */
  static In of(ByteBuffer buffer) {
    byte[] copy = new byte[buffer.remaining()];
    buffer.get(copy);
    return new In(copy);
  }

  boolean atEnd() {
    return at == bytes.length;
  }

  int u8() {
    return bytes[need(1)] & 0xFF;
  }

  long u64() {
    int from = need(8);
    long value = 0;
    for (int i = 7; i >= 0; i--) value = value << 8 | bytes[from + i] & 0xFF;
    return value;
  }

  long varint() {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte b = bytes[need(1)];
      value |= (b & 0x7FL) << shift;
      if (b >= 0) return value;
      if (shift >= 63) throw Bug.of("endless varint");
    }
  }

  /** One of a closed list, by its place in it. */
  <T> T choice(T[] all) {
    int place = u8();
    if (place >= all.length) throw Bug.of("no choice %d among %d", place, all.length);
    return all[place];
  }

  /** A varint that counts things which take at least one byte each. */
  int count() {
    long count = varint();
    if (count < 0 || count > bytes.length - at) throw Bug.of("%d things in %d bytes", count, bytes.length - at);
    return (int) count;
  }

  byte[] bytes() {
    int length = count();
    int from = need(length);
    return Arrays.copyOfRange(bytes, from, from + length);
  }

  /** All that was not read yet. */
  byte[] rest() {
    return Arrays.copyOfRange(bytes, need(bytes.length - at), bytes.length);
  }

  String string() {
    int length = count();
    int from = need(length);
    return Text.decode(bytes, from, from + length);
  }

  private int need(int more) {
    int from = at;
    if (more > bytes.length - from) throw Bug.of("a value of %d bytes is cut short", bytes.length);
    at = from + more;
    return from;
  }

  static long unzigzag(long value) {
    return value >>> 1 ^ -(value & 1);
  }
}

package lmake.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Builds one frame: little-endian, grows as needed. One use, one thread. */
public final class WireWriter {
  private static final int HEADER = 4;

  private ByteBuffer buffer = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);

  public WireWriter(int type) {
    buffer.putInt(0).put((byte) type);
  }

  public WireWriter u8(int value) {
    room(1).put((byte) value);
    return this;
  }

  public WireWriter u32(int value) {
    room(4).putInt(value);
    return this;
  }

  public WireWriter u64(long value) {
    room(8).putLong(value);
    return this;
  }

  /** A length, then the bytes. */
  public WireWriter str(byte[] bytes) {
    room(4 + bytes.length).putInt(bytes.length).put(bytes);
    return this;
  }

  public WireWriter str(String text) {
    return str(PathBytes.encode(text));
  }

  /** A count, then the strings. */
  public WireWriter strs(List<String> texts) {
    u32(texts.size());
    for (String text : texts) str(text);
    return this;
  }

  /** Bytes that go to the end of the frame, without a length. */
  public WireWriter rest(byte[] bytes) {
    room(bytes.length).put(bytes);
    return this;
  }

  /** The whole frame, ready to be sent. */
  public ByteBuffer frame() {
    buffer.putInt(0, buffer.position() - HEADER);
    return buffer.flip();
  }

  private ByteBuffer room(int size) {
    if (buffer.remaining() < size) {
      int capacity = Math.max(buffer.position() + size, 2 * buffer.capacity());
      buffer = ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN).put(buffer.flip());
    }
    return buffer;
  }
}

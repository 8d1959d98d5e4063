package lmake.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import lmake.base.Bug;

/**
 * Cuts a stream into frames. Fill {@link #room} from the channel, then take frames until there is none. The buffer
 * grows with what is really received, never with what a length claims. One thread.
 */
public final class FrameReader {
  public static final int MAX_FRAME = 1 << 30;
  private static final int START = 8192;

  private final int maxFrame;
  private ByteBuffer buffer = ByteBuffer.allocate(START).order(ByteOrder.LITTLE_ENDIAN);
  private int begin;

  public FrameReader() {
    this(MAX_FRAME);
  }

  public FrameReader(int maxFrame) {
    this.maxFrame = maxFrame;
  }

  /** Where to put what was read: a buffer in writing position. */
  public ByteBuffer room() {
    if (begin == buffer.position()) {
      if (buffer.capacity() > 1 << 20) buffer = ByteBuffer.allocate(START).order(ByteOrder.LITTLE_ENDIAN);
      buffer.clear();
      begin = 0;
    } else if (!buffer.hasRemaining()) {
      ByteBuffer old = buffer.flip().position(begin);
      boolean full = old.remaining() > buffer.capacity() / 2;
      // One frame and its length are all there can be: the largest one is as much as a buffer may have, twice is not.
      long more = Math.min(2L * buffer.capacity(), 4L + maxFrame);
      if (full) Bug.check(more > old.remaining(), "a frame is there, and was not taken");
      buffer = ByteBuffer.allocate(full ? (int) more : buffer.capacity());
      buffer.order(ByteOrder.LITTLE_ENDIAN).put(old);
      begin = 0;
    }
    return buffer;
  }

  public Optional<Frame> next() throws WireException {
    int available = buffer.position() - begin;
    if (available < 4) return Optional.empty();
    int length = buffer.getInt(begin);
    if (length < 1 || length > maxFrame) {
      throw new WireException("no frame is " + Integer.toUnsignedString(length) + " bytes long");
    }
    if (available < 4 + length) return Optional.empty();
    Frame frame = new Frame(buffer.get(begin + 4) & 0xFF, buffer.slice(begin + 5, length - 1));
    begin += 4 + length;
    return Optional.of(frame);
  }
}

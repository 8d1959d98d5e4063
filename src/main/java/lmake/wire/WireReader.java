package lmake.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes the payload of one frame apart. Whatever the bytes are, it gives values or throws {@link WireException}, and
 * allocates no more than the frame is long. One use, one thread.
 */
public final class WireReader {
  private final ByteBuffer buffer;

  public WireReader(ByteBuffer payload) {
    buffer = payload.slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  public int u8() throws WireException {
    need(1);
    return buffer.get() & 0xFF;
  }

  public int u32() throws WireException {
    need(4);
    return buffer.getInt();
  }

  public long u64() throws WireException {
    need(8);
    return buffer.getLong();
  }

  public byte[] bytes() throws WireException {
    byte[] bytes = new byte[count(1)];
    buffer.get(bytes);
    return bytes;
  }

  /** A name or any other text: UTF-8 where it is, every byte kept. */
  public String str() throws WireException {
    int length = count(1);
    int at = buffer.position();
    buffer.position(at + length);
    if (buffer.hasArray()) return PathBytes.decode(buffer.array(), buffer.arrayOffset() + at, length);
    byte[] bytes = new byte[length];
    buffer.get(at, bytes);
    return PathBytes.decode(bytes);
  }

  public List<String> strs() throws WireException {
    int count = count(4);
    List<String> texts = new ArrayList<>(count);
    for (int i = 0; i < count; i++) texts.add(str());
    return texts;
  }

  /** All that is left. */
  public byte[] rest() {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  /** A count of things of at least so many bytes each: never more than the frame can hold. */
  public int count(int least) throws WireException {
    int count = u32();
    if (count < 0 || (long) count * least > buffer.remaining()) {
      throw new WireException("a count of " + Integer.toUnsignedString(count) + " does not fit its frame");
    }
    return count;
  }

  /** A number of a closed list, from 0. */
  public <T> T choice(T[] all) throws WireException {
    int number = u8();
    if (number >= all.length) throw new WireException("no such choice: " + number);
    return all[number];
  }

  /** The message must be over. */
  public void end() throws WireException {
    if (buffer.hasRemaining()) throw new WireException(buffer.remaining() + " bytes too many in a frame");
  }

  private void need(int size) throws WireException {
    if (buffer.remaining() < size) throw new WireException("frame is too short");
  }
}

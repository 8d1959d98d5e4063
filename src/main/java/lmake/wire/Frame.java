package lmake.wire;

import java.nio.ByteBuffer;

/** A message still in bytes. The payload is only valid until the next frame is asked of the {@link FrameReader}. */
public record Frame(int type, ByteBuffer payload) {
  public WireReader reader() {
    return new WireReader(payload);
  }

  /** For a type the receiver does not know. */
  public WireException unknown() {
    return new WireException("no message has type " + type);
  }
}

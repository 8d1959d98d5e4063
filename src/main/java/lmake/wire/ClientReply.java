package lmake.wire;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** From the server to a client. */
public sealed interface ClientReply {
  ByteBuffer encode();

  /** For its standard output. */
  record Out(byte[] bytes) implements ClientReply {
    @Override
    public ByteBuffer encode() {
      return new WireWriter(1).rest(bytes).frame();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Out o && Arrays.equals(bytes, o.bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }
  }

  /** For its standard error. */
  record Err(byte[] bytes) implements ClientReply {
    @Override
    public ByteBuffer encode() {
      return new WireWriter(2).rest(bytes).frame();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Err o && Arrays.equals(bytes, o.bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }
  }

  /** The last one. */
  record Exit(int code) implements ClientReply {
    @Override
    public ByteBuffer encode() {
      return new WireWriter(3).u8(code).frame();
    }
  }

  static ClientReply decode(Frame frame) throws WireException {
    WireReader in = frame.reader();
    if (frame.type() == 1) return new Out(in.rest());
    if (frame.type() == 2) return new Err(in.rest());
    if (frame.type() != 3) throw frame.unknown();
    Exit exit = new Exit(in.u8());
    in.end();
    return exit;
  }
}

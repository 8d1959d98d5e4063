package lmake.wire;

import java.nio.ByteBuffer;
import java.util.List;

/** From a client to the server. */
public sealed interface ClientMessage {
  int PROTOCOL = 1;

  ByteBuffer encode();

  /**
   * First message of a client.
   *
   * @param startupDir where it was called, relative to the root
   * @param environ {@code KEY=value} each
   * @param facts bits below
   */
  record Hello(
      int protocol, String tool, List<String> argv, String startupDir, List<String> environ, int facts, int pid)
      implements ClientMessage {
    public static final int STDIN_TTY = 1;
    public static final int STDOUT_TTY = 2;
    public static final int SAME_TTY = 4;
    public static final int READ_ONLY = 8;

    public Hello {
      argv = List.copyOf(argv);
      environ = List.copyOf(environ);
    }

    @Override
    public ByteBuffer encode() {
      return new WireWriter(1)
          .u32(protocol)
          .str(tool)
          .strs(argv)
          .str(startupDir)
          .strs(environ)
          .u8(facts)
          .u32(pid)
          .frame();
    }

    private static Hello decode(WireReader in) throws WireException {
      int protocol = in.u32();
      // What follows is only known of our own protocol.
      if (protocol != PROTOCOL) return new Hello(protocol, "", List.of(), "", List.of(), 0, 0);
      Hello hello = new Hello(protocol, in.str(), in.strs(), in.str(), in.strs(), in.u8(), in.u32());
      in.end();
      return hello;
    }
  }

  /** ^C was typed. */
  record Interrupt() implements ClientMessage {
    @Override
    public ByteBuffer encode() {
      return new WireWriter(2).frame();
    }
  }

  static ClientMessage decode(Frame frame) throws WireException {
    WireReader in = frame.reader();
    if (frame.type() == 1) return Hello.decode(in);
    if (frame.type() != 2) throw frame.unknown();
    in.end();
    return new Interrupt();
  }
}

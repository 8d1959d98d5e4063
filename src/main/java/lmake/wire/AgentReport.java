package lmake.wire;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** From an agent to the server. */
public sealed interface AgentReport {
  /** The process of a job is there, watched by that method, which may be another one than was ordered. */
  record Started(long seq, long date, int pid, int autodep) implements AgentReport {}

  /** A job is over; the only message after {@link Started}'s questions and output. */
  record Ended(JobEnd end) implements AgentReport {}

  /**
   * A job asks.
   *
   * @param what one of the numbers below
   * @param readSoFar for {@code CHECK_DEPS*} only
   */
  record Ask(long seq, long ask, int what, int flags, List<String> names, List<Read> readSoFar) implements AgentReport {
    public static final int DEPEND_DIRECT = 1;
    public static final int DEPEND_VERBOSE = 2;
    public static final int CHECK_DEPS_SYNC = 3;
    public static final int CHECK_DEPS = 4;

    public Ask {
      names = List.copyOf(names);
      readSoFar = List.copyOf(readSoFar);
    }
  }

  /** A file the job has read, what it was then, and how it was accessed. */
  record Read(String name, long sig, int bits) {}

  /** Live stdout of a job. */
  record LiveOut(long seq, byte[] bytes) implements AgentReport {}

  /** For the server's log. */
  record Log(String line) implements AgentReport {}

  /** For whoever runs a command now or later; a second line says what to do. */
  record Warn(String text) implements AgentReport {}

  static AgentReport decode(Frame frame) throws WireException {
    WireReader in = frame.reader();
    AgentReport report =
        switch (frame.type()) {
          case 1 -> new Started(in.u64(), in.u64(), in.u32(), in.u8());
          case 2 -> new Ended(JobEndCodec.decode(in));
          case 3 -> ask(in);
          case 4 -> new LiveOut(in.u64(), in.rest());
          case 5 -> new Log(in.str());
          case 7 -> new Warn(in.str());
          default -> throw frame.unknown();
        };
    in.end();
    return report;
  }

  private static Ask ask(WireReader in) throws WireException {
    long seq = in.u64();
    long ask = in.u64();
    int what = in.u8();
    if (what < Ask.DEPEND_DIRECT || what > Ask.CHECK_DEPS) throw new WireException("no such question: " + what);
    int flags = in.u32();
    List<String> names = in.strs();
    List<Read> reads = new ArrayList<>();
    if (what >= Ask.CHECK_DEPS_SYNC) {
      for (int left = in.count(16); left > 0; left--) reads.add(new Read(in.str(), in.u64(), in.u32()));
    }
    return new Ask(seq, ask, what, flags, names, reads);
  }

  /** For the tests: what an agent would send. */
  static ByteBuffer encode(AgentReport report) {
    if (report instanceof Started r) return new WireWriter(1).u64(r.seq).u64(r.date).u32(r.pid).u8(r.autodep).frame();
    if (report instanceof Ended r) return JobEndCodec.encode(r.end, new WireWriter(2)).frame();
    if (report instanceof LiveOut r) return new WireWriter(4).u64(r.seq).rest(r.bytes).frame();
    if (report instanceof Log r) return new WireWriter(5).str(r.line).frame();
    if (report instanceof Warn r) return new WireWriter(7).str(r.text).frame();
    Ask r = (Ask) report;
    WireWriter out = new WireWriter(3).u64(r.seq).u64(r.ask).u8(r.what).u32(r.flags).strs(r.names);
    if (r.what >= Ask.CHECK_DEPS_SYNC) {
      out.u32(r.readSoFar.size());
      for (Read read : r.readSoFar) out.str(read.name).u64(read.sig).u32(read.bits);
    }
    return out.frame();
  }
}

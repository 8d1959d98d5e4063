package lmake.server;

import lmake.base.Crc;
import lmake.engine.Event;
import lmake.graph.Accesses;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.wire.AgentReport.Ask;
import lmake.wire.AgentReport.Read;

/** Questions of running jobs, from names to nodes. Engine's thread, which owns the names. */
final class Questions {
  /** Option bit of the call: what is asked for needs not be buildable. */
  private static final int NO_REQUIRED = 128;

  private Questions() {}

  static Event.JobAsks event(Graph graph, int job, Ask ask) {
    Event.Question question =
        switch (ask.what()) {
          case Ask.DEPEND_DIRECT -> Event.Question.BUILD_NOW;
          case Ask.DEPEND_VERBOSE -> Event.Question.TELL;
          case Ask.CHECK_DEPS_SYNC -> Event.Question.CHECK_DEPS_SYNC;
          default -> Event.Question.CHECK_DEPS;
        };
    boolean check = ask.what() == Ask.CHECK_DEPS || ask.what() == Ask.CHECK_DEPS_SYNC;
    return new Event.JobAsks(job, ask.seq(), ask.ask(), question, check ? read(graph, ask) : asked(graph, ask));
  }

  /** All at once, so in parallel; which of content or status matters to the job is not known yet. */
  private static DepVector asked(Graph graph, Ask ask) {
    DepVector.Builder deps = new DepVector.Builder();
    int flags = ask.flags() >>> 16 | ((ask.flags() & NO_REQUIRED) == 0 ? DepFlags.REQUIRED : 0);
    boolean first = true;
    for (String name : ask.names()) {
      deps.add(graph.node(name), Accesses.L | Accesses.R | Accesses.T, flags, !first, 0, 0);
      first = false;
    }
    return deps.build();
  }

  private static DepVector read(Graph graph, Ask ask) {
    DepVector.Builder deps = new DepVector.Builder();
    for (Read read : ask.readSoFar()) {
      int kinds = read.bits() & Accesses.KINDS;
      boolean required = (read.bits() & Accesses.REQUIRED) != 0;
      // What the job wrote first is its own.
      if (kinds == 0 && !required || (read.bits() & Accesses.READ_AFTER_WRITE_ONLY) != 0) continue;
      boolean looked = read.sig() > 1 || read.sig() < 0;
      boolean content = (kinds & (Accesses.L | Accesses.R)) != 0;
      boolean sig = looked && content;
      long value = sig ? read.sig() : read.sig() == 0 ? Crc.NONE : Crc.UNKNOWN_REGULAR;
      int flags = required ? DepFlags.REQUIRED : 0;
      deps.add(graph.node(read.name()), kinds, flags, false, sig ? DepVector.SIG : 0, value);
    }
    return deps.build();
  }
}

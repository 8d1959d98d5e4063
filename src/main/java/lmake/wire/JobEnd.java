package lmake.wire;

import java.util.List;

/**
 * The END message of the agent (src/doc/protocols.md section 3): one execution is over. Dates and durations are nanoseconds,
 * sizes bytes.
 *
 * @param seq of the START it answers
 * @param outcome see {@link Outcome}
 * @param waitStatus as waitpid gives it
 * @param targetsSize of all files written, or wanted, that are there
 * @param accesses one per file, in order of first access
 */
public record JobEnd(
    long seq,
    Outcome outcome,
    int waitStatus,
    long start,
    long end,
    long userNs,
    long systemNs,
    long maxRss,
    long targetsSize,
    byte[] stdout,
    byte[] stderr,
    List<String> messages,
    List<Washed> washed,
    List<Access> accesses,
    List<PatternCall> patterns) {
  public JobEnd {
    messages = List.copyOf(messages);
    washed = List.copyOf(washed);
    accesses = List.copyOf(accesses);
    patterns = List.copyOf(patterns);
  }

  /** How it came to an end; the wire has the ordinal. */
  public enum Outcome {
    EXITED,
    SIGNALED,
    TIMEOUT,
    KILLED, // on request
    CHECK_DEPS,
    NOT_STARTED, // the first message says why
    REFUSED; // by the tracer; the first message says why

    private static final Outcome[] ALL = values();

    /** How many there are. */
    public static int count() {
      return ALL.length;
    }

    public static Outcome of(int number) {
      return ALL[number];
    }
  }

  /** What a pre-action did. {@code note} is the one given at START. */
  public record Washed(Deed deed, String name, String note) {}

  /** The wire has the ordinal; 0 is not used. */
  public enum Deed {
    NOTHING,
    UNLINKED,
    UNLINKED_EMPTY,
    QUARANTINED,
    UNIQUIFIED,
    UNLINKED_POLLUTED;

    private static final Deed[] ALL = values();

    /** How many there are. */
    public static int count() {
      return ALL.length;
    }

    public static Deed of(int number) {
      return ALL[number];
    }
  }

  /** A call with {@code -X}: a Python regular expression, for deps or targets, and the flags it gives. */
  public record PatternCall(String pattern, boolean target, int depFlags, int targetFlags, long date) {}
}

package lmake.engine;

import java.util.List;
import lmake.graph.DepVector;
import lmake.graph.JobResult;

/** What happens to the engine. Dates are nanoseconds since the epoch, of the file system's clock. */
public sealed interface Event {
  /**
   * A command wants these files.
   *
   * @param req its number, given out by the sender, never used twice
   * @param targets in the order of the command line
   * @param jobs jobs wanted by name ({@code -J}), with no target
   */
  record ReqOpened(int req, List<Integer> targets, List<Integer> jobs, ReqOptions options, long date) implements Event {}

  /** The command was interrupted, or its client is gone. */
  record ReqKilled(int req) implements Event {}

  /** Answer to {@link Action.Check}: what is on disk. {@code crc} is only there when {@code sig} is not the known one. */
  record NodeChecked(int node, FileKind kind, long sig, long crc, long date, long now) implements Event {}

  /** Answer to {@link Action.Remove}. */
  record NodeRemoved(int node, Action.Removal done) implements Event {}

  /** The process of a job is there. */
  record JobStarted(int job, long attempt, long date) implements Event {}

  /** A run is over, and its accesses were turned into deps and targets. */
  record JobEnded(int job, long attempt, JobResult result) implements Event {}

  /** A running job asks; it waits for {@link Action.Answer} unless the question is {@code CHECK_DEPS}. */
  record JobAsks(int job, long attempt, long ask, Question question, DepVector deps) implements Event {}

  /** What a job may ask. */
  enum Question {
    BUILD_NOW, // build these deps and say whether all are right (direct)
    TELL, // say status and checksum of each (verbose)
    CHECK_DEPS, // kill me if a dep seen so far is out of date
    CHECK_DEPS_SYNC // the same, and tell me if one is in error
  }

  /** What stands at a name. */
  enum FileKind {
    ABSENT,
    REGULAR,
    EXECUTABLE,
    LINK,
    DIR,
    SPECIAL,
    BEHIND_LINK; // its dir path crosses a symbolic link: not ours to touch

    private static final FileKind[] ALL = values();

    public static FileKind of(int number) {
      return ALL[number];
    }

    public boolean file() {
      return this == REGULAR || this == EXECUTABLE || this == LINK;
    }
  }
}

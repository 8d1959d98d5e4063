package lmake.command;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import lmake.engine.ReqOptions;
import lmake.graph.Graph;
import lmake.graph.RunRecord;
import lmake.rules.RuleBook;

/** What a command sees of the server. Engine's thread only. */
public interface Site {
  Graph graph();

  /** What the makefiles said when last read; lshow works with it even when they are broken by now. Empty before the first. */
  Optional<RuleBook> rules();

  /** The record of the last run of a job. */
  Optional<RunRecord> run(int job);

  /** Stdout or stderr of a job that is still running is not there yet. Jobs that run now. */
  List<RunningJob> running();

  /** A job some req knows to be waiting, queued or running. {@code parents}: jobs that wait for it. */
  record RunningJob(int job, char mark, List<Integer> parents) {}

  /**
   * Re-reads the makefiles if what they read has changed, telling the session what is read and why, then calls {@code then} on
   * the engine's thread; on failure the session is told and ended with the right exit code, and {@code then} is never called.
   */
  void refresh(Session session, Runnable then);

  /**
   * Opens a req; its lines go to {@code listener}, on the engine's thread. Targets are nodes, jobs are for {@code -J}.
   *
   * @param pace what says when its jobs run, and nothing of what they make
   */
  int openReq(Session session, List<Integer> targets, List<Integer> jobs, ReqOptions options, Pace pace, ReqListener listener);

  /**
   * How fast a req may go, or is thought to.
   *
   * @param jobLimit most jobs running for this req, 0 = no limit
   * @param expectedNs how long it will take in all, in nanoseconds; 0 = to be found out
   */
  record Pace(int jobLimit, long expectedNs) {
    public static final Pace FREE = new Pace(0, 0);
  }

  /** How far an open req is. */
  Progress progress(int req);

  /**
   * Jobs that a req still waits for, as far as is known.
   *
   * @param eta when it is thought to be over, nanoseconds since the epoch, never past
   */
  record Progress(int running, int queued, int waiting, long eta) {}

  /** True while any req is active. */
  boolean busy();

  /** True while this job runs. */
  boolean runs(int job);

  /** Files were frozen, or are no more: what is a source is worked out anew. Not while a req is active. */
  void marked();

  /** Makes changes of the graph durable now (commands that write it call this once, at the end). */
  void commit();

  /** Whether something stands on disk at this name (relative to the root), for advice only: the engine never asks this way. */
  boolean exists(String name);

  /** Whether a dir, itself no link, stands on disk at this name: for advice only. */
  default boolean isDir(String name) {
    try {
      return Files.isDirectory(Path.of(root()).resolve(name), LinkOption.NOFOLLOW_LINKS);
    } catch (InvalidPathException e) {
      return false; // no name of this host
    }
  }

  /** Whether this req is one of those a job runs for: starts and live output are told to all listeners. */
  boolean wants(int req, int job);

  /** Nanoseconds since the epoch. */
  long now();

  /** Root of the repo, absolute and physical. */
  String root();

  /** Directory of the installation. */
  String installDir();

  /** The tree of the repo, for who cleans it. */
  Tree tree();

  /** What stands at a name. */
  enum Kind {
    ABSENT,
    FILE, // or a link
    DIR,
    SPECIAL,
    BEHIND_LINK // its dir is reached through a link: not ours to touch
  }

  /** A name in a dir. */
  record Entry(String name, Kind kind) {}

  /** A file on disk; the crc is 0 when its sig was the known one. */
  record Content(long sig, long crc) {}

  /** Files of the repo as they are on disk. Names are relative to the root, "" for itself; blocks for the disk. */
  interface Tree {
    Kind kind(String name);

    /** Sorted; what cannot be read holds something special. */
    List<Entry> list(String dir);

    List<Content> look(List<String> names, long[] knownSigs);

    /** Removes a file that has this sig, puts aside another one; false when it is left. */
    boolean unlink(String name, long sig);

    /** Moves a file to {@code LMAKE/quarantine}; false when it is left. */
    boolean quarantine(String name);

    /** Removes an empty dir; false when it is left. */
    boolean rmdir(String dir);
  }

  /** Asks the server to leave once the clients are gone, as {@code --shutdown} does. */
  void shutdown();

  /** Lines and end of a req, as the engine says them. */
  interface ReqListener {
    void say(lmake.engine.Action.SayJob line);

    void say(lmake.engine.Action.SayNode line);

    /** A job was launched; {@code date} in nanoseconds. For start lines and the title. */
    void started(int job, long date);

    /** Bytes of the stdout of a job that streams it. */
    void liveOut(int job, byte[] bytes);

    /** Something of the host that whoever builds must know; several lines. */
    void warn(String text);

    /** ^C was received. */
    void interrupted();

    void done(lmake.engine.Action.ReqDone end);

    /** When {@link #remind} is to be called, nanoseconds since the epoch; {@code Long.MAX_VALUE} when it need not. */
    long due();

    /** A job has lasted long enough to be told of. */
    void remind(long now);

    /** Called about every second while the req is open: title. Nanoseconds since the epoch. */
    void tick(long now);
  }
}

package lmake.engine;

import java.util.List;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;

/** What the outside must now do. What must be durable first is: the store takes the graph's changes before actions go out. */
public sealed interface Action {
  /** Stat this file, checksum it if its sig is not this one (or always when {@code knownSig} is 0); {@link Event.NodeChecked}. */
  record Check(int node, long knownSig) implements Action {}

  /** Remove this file from the disk; {@link Event.NodeRemoved} says what was done. */
  record Remove(int node, Removal how, long knownSig) implements Action {}

  /** How a file goes, or went. */
  enum Removal {
    UNLINK, // whatever it is
    WASH, // unlink when the sig is the known one or it is empty, else to quarantine
    UNLINKED, // done: unlinked
    UNLINKED_EMPTY, // done: it was empty
    QUARANTINED, // done: moved to LMAKE/quarantine
    ABSENT, // there was nothing
    LEFT // not ours to touch (behind a link), or it could not be done
  }

  /**
   * Run a job.
   *
   * @param attempt unique number of this execution, never 0
   * @param washes what to do with its targets before
   * @param target of the job, for which it was first wanted; 0 when the command line names the job
   * @param requested the target of the command line all this is for; 0 when that is a job
   */
  record Start(
      int job,
      long attempt,
      RunReason why,
      List<Wash> washes,
      boolean keepTmp,
      boolean liveOut,
      int target,
      int requested)
      implements Action {
    public Start {
      washes = List.copyOf(washes);
    }
  }

  /** One file to clean before a job: section 3 of src/doc/protocols.md ({@code writer} made it, 0 if unknown). */
  record Wash(WashKind kind, int node, long knownSig, int writer) {}

  /** Numbers are those of the wire. */
  enum WashKind {
    NONE,
    WASH, // 1: unlink if the sig is the given one, else quarantine if it has content
    UNLINK, // 2: unlink whatever it is (polluted)
    UNIQUIFY, // 3: keep, with its own inode; quarantine a link of another sig, that the job would write through
    MKDIR, // 4
    RMDIR // 5: remove the dir if it is empty
  }

  /** End a run early; its {@link Event.JobEnded} still comes. */
  record Kill(int job, long attempt, boolean checkDeps) implements Action {}

  /** Tell a job that asked. {@code lines}: one per dep for a verbose question. */
  record Answer(int job, long attempt, long ask, boolean ok, List<String> lines) implements Action {
    public Answer {
      lines = List.copyOf(lines);
    }
  }

  /** Remove those of these dirs that are empty, in this order, before any job is started. */
  record Tidy(List<Integer> dirs) implements Action {
    public Tidy {
      dirs = List.copyOf(dirs);
    }
  }

  /** A command is over. */
  record ReqDone(int req, boolean ok, List<TargetEnd> ends, Marked marked, List<Clash> clashes) implements Action {
    public ReqDone {
      ends = List.copyOf(ends);
      clashes = List.copyOf(clashes);
    }

    /** Nobody undid what another one did. */
    public ReqDone(int req, boolean ok, List<TargetEnd> ends, Marked marked) {
      this(req, ok, ends, marked, List.of());
    }
  }

  /**
   * A file that was made again and written over again: it is not what it should be.
   *
   * @param owner the job that is to make it
   * @param other the one that wrote it last
   */
  record Clash(int node, int owner, int other) {}

  /**
   * Marks of the user that had a part in a command, in the order they were met.
   *
   * @param jobs frozen, and taken as they are
   * @param files frozen, and taken as sources
   * @param ignored changed, and no job ran for it
   */
  record Marked(List<Integer> jobs, List<Integer> files, List<Integer> ignored) {
    public static final Marked NONE = new Marked(List.of(), List.of(), List.of());

    public Marked {
      jobs = List.copyOf(jobs);
      files = List.copyOf(files);
      ignored = List.copyOf(ignored);
    }

    public boolean none() {
      return jobs.isEmpty() && files.isEmpty() && ignored.isEmpty();
    }
  }

  /**
   * How a requested target ended.
   *
   * @param node 0 when a job was asked by name
   * @param job its conform job, 0 when none
   * @param touched true when something was done or checked for it in this command: no "already" line
   */
  record TargetEnd(int node, int job, boolean ok, boolean touched) {}

  /**
   * A line about a job for one command.
   *
   * @param word a step word
   * @param need how sure it is that the command needs this job; an error that is not certain may come to nothing, and is said
   *     again, as {@code was_}…, if it does not
   */
  record SayJob(
      int req,
      String word,
      int job,
      int execMs,
      JobStatus status,
      RunReason why,
      boolean warning,
      List<String> notes,
      Need need)
      implements Action {
    public SayJob {
      notes = List.copyOf(notes);
    }

    /** A line about a job that is needed. */
    public SayJob(
        int req, String word, int job, int execMs, JobStatus status, RunReason why, boolean warning, List<String> notes) {
      this(req, word, job, execMs, status, why, warning, notes, Need.CERTAIN);
    }
  }

  /** How sure it is that a command needs a job, the surest first. */
  enum Need {
    CERTAIN,
    MAYBE, // a dep in error comes before it
    SPECULATIVE // a dep comes before it that has changed, or is not known yet
  }

  /**
   * A line about a file without a job; {@code word} is a step word ({@code new}, {@code changed}, {@code dangling}…). The first
   * note of {@code deps_not_avail} and {@code bad_dep}, {@code bad_target} and {@code bad_side_target} is the name of the rule that
   * steps aside.
   */
  record SayNode(int req, String word, int node, List<String> notes) implements Action {
    public SayNode {
      notes = List.copyOf(notes);
    }
  }
}

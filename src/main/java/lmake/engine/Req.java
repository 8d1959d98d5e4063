package lmake.engine;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import lmake.graph.RunReason;

/**
 * One command being served, and where each node and job stands for it. Dropped when the command ends. States are bytes in
 * arrays indexed by id; who waits for what are lists in one pool of ints.
 */
final class Req {
  /** What is wanted of a node, and what is reached: nothing, status known and right, file on disk as well. */
  static final int STATUS = 1;

  static final int DISK = 2;

  /** Bits of a node. */
  static final int ERR = 1; // what depends on it cannot be right

  static final int ABSENT = 2; // officially does not exist
  static final int OVERWRITTEN = 4; // changed since the command began
  static final int DANGLING = 8; // there, but nobody's
  static final int MULTI = 16; // several rules
  static final int CHECKED = 32; // its disk state was looked at for this command
  static final int ASKED = 64; // an answer of the disk is awaited
  static final int RECHECK = 128; // look at the disk even though its job just ran
  static final int TRANSIENT = 256; // a dir of it is a link: who uses the name finds the file under another
  static final int DIRS_KNOWN = 1024; // its dirs are dirs, says a job that might have made files of them
  static final int ENDLESS = 2048; // it was told that its static deps have no end
  static final int TARGET = 512; // the command line names it

  final int id;
  final ReqOptions options;
  final long date;
  final int[] targets;
  final int[] jobs;

  boolean killed;

  /** Answers of the disk that will come. */
  int looks;

  /** Ends of jobs that will come: of those it runs, and of those that one of its jobs must not run beside. */
  int executing;

  /** Jobs whose end is held back and was not told; in the order they ended. */
  final java.util.Set<Integer> untold = new java.util.LinkedHashSet<>();

  /** Targets, then jobs, known to be finished: all before this one. */
  int finished;

  /** Ends whose meaning waits for deps, by job. */
  final Map<Integer, HeldEnd> held = new HashMap<>();

  /** Frozen jobs met, frozen files met, changes ignored: for the summary, in the order they were met. */
  final java.util.Set<Integer> frozenJobs = new java.util.LinkedHashSet<>();

  final java.util.Set<Integer> frozenFiles = new java.util.LinkedHashSet<>();
  /** Nodes of which it was told that a rule steps aside. */
  final java.util.Set<Integer> toldAside = new java.util.HashSet<>();
  final java.util.Set<Integer> ignored = new java.util.LinkedHashSet<>();

  /** How often files were made again since another job had written over them. */
  final Map<Integer, Integer> restored = new HashMap<>();

  /** Those to which that happened too often, and the job that did it. */
  final Map<Integer, Integer> clashes = new java.util.LinkedHashMap<>();

  /** Frozen jobs that wait for a look at a target of theirs, by node. */
  final Map<Integer, java.util.List<Integer>> frozenLooks = new HashMap<>();

  /** Errors told of jobs that perhaps nobody needs, by job; {@link Needs}. */
  final Map<Integer, Action.SayJob> speculated = new HashMap<>();

  /** Attempt for which a node was last looked at again, by node. */
  final Map<Integer, Long> rechecked = new HashMap<>();

  private byte[] goal = new byte[1024];
  private byte[] reached = new byte[1024];
  private int[] origin = new int[1024];
  private int[] bits = new int[1024];
  private int[] conform = new int[1024];
  private int[] group = new int[1024];
  private int[] nodeWatchers = new int[1024];

  private JobState[] job = new JobState[256];
  private int stamp = 1;

  /** Pool of (who, goal, next); entry 0 is not used. Who: a job, or minus a node. */
  private int[] pool = new int[3 * 256];

  private int poolEnd = 1;
  private int poolFree;

  Req(int id, ReqOptions options, long date, int[] targets, int[] jobs) {
    this.id = id;
    this.options = options;
    this.date = date;
    this.targets = targets;
    this.jobs = jobs;
  }

  /** Where a job stands. Mutable on purpose: one per job and command, looked at on every wake-up. */
  static final class JobState {
    static final byte IDLE = 0;
    static final byte DEP = 1; // waiting for deps, or about to look at them
    static final byte EXEC = 2;
    static final byte DONE = 3;

    byte step = IDLE;
    Verdict verdict = Verdict.OK;
    boolean queued; // in the work queue
    boolean ran; // executed, or joined, for this command, and the result was taken
    boolean hasty; // once there is a reason to run, it does not wait for the deps that follow
    boolean willRun; // a reason was found: deps are wanted on disk
    int target; // the node for which it was first wanted, 0 when the command line names the job
    int waiting; // deps awaited, and the end of the job it is behind
    boolean behind; // a job that may write the same files runs: its end is awaited
    int runs;
    int submits;
    int retries;
    RunReason asked = RunReason.NONE; // reason that came from outside the deps (a target is wrong on disk)
    RunReason culprit = RunReason.NONE; // why it is in error
    int watchers; // nodes waiting for its end: list in the pool
    int aboveAt; // stamp of what follows; negative while it is being worked out
    long above; // milliseconds of the longest path of jobs that wait for it
  }

  /** How a job is done. */
  enum Verdict {
    OK,
    ERROR, // its own status is an error
    DEP_ERROR,
    MISSING_STATIC,
    RUN_LOOP,
    SUBMIT_LOOP,
    NO_RULE // its rule is gone
  }

  /** An end that was not told yet, or told as may_rerun. */
  static final class HeldEnd {
    final boolean changed;
    final int execMs;
    final boolean hasStderr;
    final java.util.List<String> messages;
    boolean told; // may_rerun or rerun was said
    boolean early; // the job was not even started
    boolean certain; // it will run again, whatever its deps turn out to be
    RunReason why = RunReason.NONE;

    HeldEnd(boolean changed, int execMs, boolean hasStderr, java.util.List<String> messages) {
      this.changed = changed;
      this.execMs = execMs;
      this.hasStderr = hasStderr;
      this.messages = messages;
    }
  }

  // --- nodes

  int goal(int node) {
    return node < goal.length ? goal[node] : 0;
  }

  /**
   * Raises the goal; false when it was as high already.
   *
   * @param because the node that needs it, itself when the command line names it, 0 when a job named there does
   */
  boolean want(int node, int what, int because) {
    fitNode(node);
    if (goal[node] >= what) return false;
    if (goal[node] == 0) origin[node] = because == node ? node : origin(because);
    goal[node] = (byte) what;
    return true;
  }

  /** The target of the command line for which the node was first wanted, 0 when it was wanted for a job named there. */
  int origin(int node) {
    return node < origin.length ? origin[node] : 0;
  }

  boolean reached(int node, int what) {
    return node < reached.length && reached[node] >= what;
  }

  void setReached(int node, int what) {
    fitNode(node);
    reached[node] = (byte) what;
  }

  boolean has(int node, int bit) {
    return node < bits.length && (bits[node] & bit) != 0;
  }

  void set(int node, int bit) {
    fitNode(node);
    bits[node] |= bit;
  }

  void clear(int node, int bit) {
    fitNode(node);
    bits[node] &= ~bit;
  }

  /** The job whose product the node must be, 0 when none is known. */
  int conform(int node) {
    return node < conform.length ? conform[node] : 0;
  }

  void setConform(int node, int value) {
    fitNode(node);
    conform[node] = value;
  }

  /** The group of rules of equal priority that is being tried. */
  int group(int node) {
    return node < group.length ? group[node] : 0;
  }

  void setGroup(int node, int value) {
    fitNode(node);
    group[node] = value;
  }

  // --- jobs

  JobState job(int id) {
    if (id >= job.length) job = Arrays.copyOf(job, Math.max(id + 1, 2 * job.length));
    JobState state = job[id];
    if (state == null) job[id] = state = new JobState();
    return state;
  }

  /** Null when the command never met the job. */
  JobState knownJob(int id) {
    return id < job.length ? job[id] : null;
  }

  int jobBound() {
    return job.length;
  }

  /** What is known of pressures under another stamp holds no more. */
  int stamp() {
    return stamp;
  }

  /** Pressures are to be worked out anew. */
  void renew() {
    stamp++;
  }

  // --- who waits for what

  /** A job (or minus a node) is to be told when the node reaches the goal. */
  void watchNode(int node, int who, int what) {
    fitNode(node);
    nodeWatchers[node] = push(who, what, nodeWatchers[node]);
  }

  /** A node is to be told when the job is done. */
  void watchJob(JobState state, int node) {
    state.watchers = push(node, 0, state.watchers);
  }

  /** Who waits for the node. */
  void forEachWatcher(int node, java.util.function.IntConsumer tell) {
    if (node >= nodeWatchers.length) return;
    for (int at = nodeWatchers[node]; at != 0; at = pool[3 * at + 2]) tell.accept(pool[3 * at]);
  }

  /** Nodes that wait for the job. */
  void forEachWatcher(JobState state, java.util.function.IntConsumer tell) {
    for (int at = state.watchers; at != 0; at = pool[3 * at + 2]) tell.accept(pool[3 * at]);
  }

  /** Tells, and forgets, those whose goal is reached. */
  void wakeNode(int node, int what, java.util.function.IntConsumer tell) {
    if (node >= nodeWatchers.length) return;
    int at = nodeWatchers[node];
    nodeWatchers[node] = 0;
    while (at != 0) {
      int who = pool[3 * at];
      int goalWanted = pool[3 * at + 1];
      int next = pool[3 * at + 2];
      if (goalWanted <= what) {
        release(at);
        tell.accept(who);
      } else {
        pool[3 * at + 2] = nodeWatchers[node];
        nodeWatchers[node] = at;
      }
      at = next;
    }
  }

  /** The job does not wait for this node any more. */
  private void unwatchNode(int node, int who) {
    int before = 0;
    for (int at = nodeWatchers[node]; at != 0; ) {
      int next = pool[3 * at + 2];
      if (pool[3 * at] != who) {
        before = at;
      } else {
        if (before == 0) nodeWatchers[node] = next;
        else pool[3 * before + 2] = next;
        release(at);
      }
      at = next;
    }
  }

  /** The job waits for nothing more, whatever it began to wait for: its deps may have changed since. */
  void unwatchAll(int who) {
    for (int node = 0; node < nodeWatchers.length; node++) if (nodeWatchers[node] != 0) unwatchNode(node, who);
  }

  void wakeJob(JobState state, java.util.function.IntConsumer tell) {
    int at = state.watchers;
    state.watchers = 0;
    while (at != 0) {
      int who = pool[3 * at];
      int next = pool[3 * at + 2];
      release(at);
      tell.accept(who);
      at = next;
    }
  }

  private int push(int who, int what, int next) {
    int at = poolFree;
    if (at != 0) {
      poolFree = pool[3 * at + 2];
    } else {
      at = poolEnd++;
      if (3 * at + 3 > pool.length) pool = Arrays.copyOf(pool, 2 * pool.length);
    }
    pool[3 * at] = who;
    pool[3 * at + 1] = what;
    pool[3 * at + 2] = next;
    return at;
  }

  private void release(int at) {
    pool[3 * at + 2] = poolFree;
    poolFree = at;
  }

  private void fitNode(int node) {
    if (node < goal.length) return;
    int size = Math.max(node + 1, 2 * goal.length);
    goal = Arrays.copyOf(goal, size);
    reached = Arrays.copyOf(reached, size);
    origin = Arrays.copyOf(origin, size);
    bits = Arrays.copyOf(bits, size);
    conform = Arrays.copyOf(conform, size);
    group = Arrays.copyOf(group, size);
    nodeWatchers = Arrays.copyOf(nodeWatchers, size);
  }
}

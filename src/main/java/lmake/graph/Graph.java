package lmake.graph;

import java.util.Arrays;
import java.util.BitSet;

/**
 * What is known of every node and job, as primitive arrays indexed by id. The engine reads and writes it; the store fills it
 * at start and, after each turn, takes what changed ({@link #dirtyNodeBlocks}, {@link #dirtyJobs}). Engine's thread only.
 */
public final class Graph {
  /** Nodes are kept, and made dirty, by blocks of this many: one overflow page of the store. */
  public static final int BLOCK = 127;

  /** Node flags, kept in the store. */
  public static final int POLLUTED = 1; // an unrelated job wrote it, or it existed before a run that should have made it

  public static final int BUSY = 2; // target of a run that was not accounted for

  public static final int HOT = 4; // stat'ed within the date precision of its last change: the sig proves nothing

  public static final int NO_TRIGGER = 8;
  public static final int FROZEN = 16;
  public static final int HOLDS = 32; // a dir: jobs wrote files below it

  private final Names names;
  private final Shelf shelf;

  private long[] crc = new long[1024];
  private long[] sig = new long[1024];
  private int[] writer = new int[1024];
  private int[] flags = new int[1024];

  private int[] rule = new int[256];
  private byte[] status = new byte[256];
  private long[] cmdCrc = new long[256];
  private long[] rsrcCrc = new long[256];
  private int[] execMs = new int[256];
  private byte[] reason = new byte[256];
  private int[] reasonNode = new int[256];
  private DepVector[] deps = new DepVector[256];
  private TargetVector[] targets = new TargetVector[256];

  private final BitSet dirtyNodeBlocks = new BitSet();
  private final BitSet dirtyJobs = new BitSet();

  public Graph(Names names, Shelf shelf) {
    this.names = names;
    this.shelf = shelf;
    fitNodes(names.count());
    fitJobs(shelf.jobCount());
  }

  // --- names

  public int node(String name) {
    int node = names.intern(name);
    fitNodes(node);
    return node;
  }

  /** 0 when the name is not known. */
  public int findNode(String name) {
    return names.find(name);
  }

  public String name(int node) {
    return names.name(node);
  }

  /** The node of the dir, 0 for a name at the root. */
  public int parent(int node) {
    int parent = names.parent(node);
    fitNodes(parent);
    return parent;
  }

  public int nodeCount() {
    return names.count();
  }

  // --- nodes

  public long crc(int node) {
    return crc[node];
  }

  /** Sig of the file when its {@link #crc} was computed; 0 when there was none. */
  public long sig(int node) {
    return sig[node];
  }

  /** The job that last wrote it, 0 when none did. */
  public int writer(int node) {
    return writer[node];
  }

  public int flags(int node) {
    return flags[node];
  }

  public boolean has(int node, int flag) {
    return (flags[node] & flag) != 0;
  }

  public void setContent(int node, long newCrc, long newSig) {
    if (crc[node] == newCrc && sig[node] == newSig) return;
    crc[node] = newCrc;
    sig[node] = newSig;
    dirtyNodeBlocks.set(node / BLOCK);
  }

  public void setWriter(int node, int job) {
    if (writer[node] == job) return;
    writer[node] = job;
    dirtyNodeBlocks.set(node / BLOCK);
  }

  public void setFlag(int node, int flag, boolean on) {
    int value = on ? flags[node] | flag : flags[node] & ~flag;
    if (value == flags[node]) return;
    flags[node] = value;
    dirtyNodeBlocks.set(node / BLOCK);
  }

  /** For the store, at start. */
  public void loadNode(int node, long crcNow, long sigNow, int writerNow, int flagsNow) {
    fitNodes(node);
    crc[node] = crcNow;
    sig[node] = sigNow;
    writer[node] = writerNow;
    flags[node] = flagsNow;
  }

  // --- jobs

  public int job(int ruleId, String[] stems) {
    int job = shelf.findJob(ruleId, stems);
    if (job != 0) return job;
    job = shelf.addJob(ruleId, stems);
    fitJobs(job);
    rule[job] = ruleId;
    dirtyJobs.set(job);
    return job;
  }

  /** 0 when there is no such job. */
  public int findJob(int ruleId, String[] stems) {
    return shelf.findJob(ruleId, stems);
  }

  public int jobCount() {
    return shelf.jobCount();
  }

  public int rule(int job) {
    return rule[job];
  }

  public String[] stems(int job) {
    return shelf.stems(job);
  }

  public JobStatus status(int job) {
    return JobStatus.of(status[job]);
  }

  /** Digest of the cmd part of the rule when the job last ran. */
  public long cmdCrc(int job) {
    return cmdCrc[job];
  }

  public long rsrcCrc(int job) {
    return rsrcCrc[job];
  }

  /** Duration of the last good run, in milliseconds; 0 when unknown. */
  public int execMs(int job) {
    return execMs[job];
  }

  /** Why it last ran. */
  public RunReason reason(int job) {
    return new RunReason(RunReason.Kind.values()[reason[job]], reasonNode[job]);
  }

  public DepVector deps(int job) {
    DepVector vector = deps[job];
    if (vector == null) deps[job] = vector = shelf.deps(job);
    return vector;
  }

  public TargetVector targets(int job) {
    TargetVector vector = targets[job];
    if (vector == null) targets[job] = vector = shelf.targets(job);
    return vector;
  }

  public void setStatus(int job, JobStatus value) {
    status[job] = (byte) value.ordinal();
    dirtyJobs.set(job);
  }

  public void setCmd(int job, long cmd, long resources) {
    cmdCrc[job] = cmd;
    rsrcCrc[job] = resources;
    dirtyJobs.set(job);
  }

  public void setExecMs(int job, int value) {
    execMs[job] = value;
    dirtyJobs.set(job);
  }

  public void setReason(int job, RunReason why) {
    reason[job] = (byte) why.kind().ordinal();
    reasonNode[job] = why.node();
    dirtyJobs.set(job);
  }

  public void setDeps(int job, DepVector value) {
    deps[job] = value;
    dirtyJobs.set(job);
  }

  public void setTargets(int job, TargetVector value) {
    targets[job] = value;
    dirtyJobs.set(job);
  }

  /** A dep of this job was resolved in place ({@link DepVector#resolve}). */
  public void touchJob(int job) {
    dirtyJobs.set(job);
  }

  /** For the store, at start. */
  public void loadJob(
      int job, int ruleId, int statusNow, long cmd, long resources, int ms, int reasonKind, int reasonAbout) {
    fitJobs(job);
    rule[job] = ruleId;
    status[job] = (byte) statusNow;
    cmdCrc[job] = cmd;
    rsrcCrc[job] = resources;
    execMs[job] = ms;
    reason[job] = (byte) reasonKind;
    reasonNode[job] = reasonAbout;
  }

  // --- what changed since the store last asked

  public BitSet dirtyNodeBlocks() {
    return dirtyNodeBlocks;
  }

  public BitSet dirtyJobs() {
    return dirtyJobs;
  }

  private void fitNodes(int node) {
    if (node < crc.length) return;
    int size = Math.max(node + 1, crc.length + crc.length / 2);
    crc = Arrays.copyOf(crc, size);
    sig = Arrays.copyOf(sig, size);
    writer = Arrays.copyOf(writer, size);
    flags = Arrays.copyOf(flags, size);
  }

  private void fitJobs(int job) {
    if (job < rule.length) return;
    int size = Math.max(job + 1, rule.length + rule.length / 2);
    rule = Arrays.copyOf(rule, size);
    status = Arrays.copyOf(status, size);
    cmdCrc = Arrays.copyOf(cmdCrc, size);
    rsrcCrc = Arrays.copyOf(rsrcCrc, size);
    execMs = Arrays.copyOf(execMs, size);
    reason = Arrays.copyOf(reason, size);
    reasonNode = Arrays.copyOf(reasonNode, size);
    deps = Arrays.copyOf(deps, size);
    targets = Arrays.copyOf(targets, size);
  }
}

package lmake.graph;

import lmake.base.Bug;

/** The targets of the last run of a job: node, flags of {@link TargetFlags}, crc it left (none when it left no file). */
public final class TargetVector {
  public static final TargetVector EMPTY = new TargetVector(new int[0], new int[0], new long[0], new long[0]);

  private final int[] nodes;
  private final int[] flags;
  private final long[] crcs;
  private final long[] sigs;

  /** Takes the arrays, which must have one length, for its own. */
  public TargetVector(int[] nodes, int[] flags, long[] crcs, long[] sigs) {
    Bug.check(
        nodes.length == flags.length && nodes.length == crcs.length && nodes.length == sigs.length,
        "ragged target vector");
    this.nodes = nodes;
    this.flags = flags;
    this.crcs = crcs;
    this.sigs = sigs;
  }

  public int size() {
    return nodes.length;
  }

  public int node(int i) {
    return nodes[i];
  }

  public int flags(int i) {
    return flags[i];
  }

  public long crc(int i) {
    return crcs[i];
  }

  /** Sig of the file as the job left it. */
  public long sig(int i) {
    return sigs[i];
  }

  /** Position of a node, or -1. */
  public int find(int node) {
    for (int i = 0; i < nodes.length; i++) if (nodes[i] == node) return i;
    return -1;
  }
}

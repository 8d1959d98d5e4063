package lmake.graph;

/**
 * Where a {@link Graph} keeps jobs' variable parts. Reads are made when first needed; writes are only collected by the graph
 * ({@link Graph#dirtyJobs}), who implements this decides when they reach the disk.
 */
public interface Shelf {
  /** Id of a job, 0 when it was never made. Stems are the values of the static stems of the rule, in order. */
  int findJob(int rule, String[] stems);

  /** A new id for a job that {@link #findJob} does not know. */
  int addJob(int rule, String[] stems);

  String[] stems(int job);

  DepVector deps(int job);

  TargetVector targets(int job);

  /** How many job ids were given out; the last one is this. */
  int jobCount();
}

package lmake.graph;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is kept of the last run of a job for people: apart from the hot data, read by lshow only. Dates are nanoseconds since
 * the epoch, durations nanoseconds, sizes bytes; 0 or empty when unknown.
 */
public record RunRecord(Ordered ordered, Cause cause, Outcome outcome, Usage usage) {
  /**
   * What was to be run; without argv when it never came to that.
   *
   * @param argv the interpreter and its arguments, the text of the cmd last
   * @param environ as the rule gives it, before keys such as {@code $REPO_ROOT} are replaced
   * @param timeout seconds, 0 for none
   * @param isolation what it was to see otherwise than it is, by name of attribute; views as {@code views NAME}
   */
  public record Ordered(
      long seq,
      long smallId,
      List<String> argv,
      Map<String, String> environ,
      Map<String, String> resources,
      String autodep,
      String stdin,
      String stdout,
      String tmpDir,
      double timeout,
      Map<String, String> isolation) {
    public Ordered {
      argv = List.copyOf(argv);
      environ = inOrder(environ);
      resources = inOrder(resources);
      isolation = inOrder(isolation);
    }
  }

  /**
   * What it was run for.
   *
   * @param requiredTarget the target for which it was wanted, empty when the command line named the job
   * @param requiredBy the target of the command line all this was for, empty when it is the former
   * @param eta when its command was thought to be over when the job was queued
   * @param pressureNs longest path from the job, itself included, to what that command asked for
   */
  public record Cause(RunReason reason, String requiredTarget, String requiredBy, long eta, long pressureNs) {}

  /**
   * What came of it.
   *
   * @param waitStatus as waitpid gives it; -1 when the job was never started
   * @param os of the host it ran on, as {@code debian/"12"/x86_64}
   */
  public record Outcome(
      long startDate,
      long endDate,
      JobStatus status,
      int waitStatus,
      int pid,
      byte[] stdout,
      byte[] stderr,
      List<String> messages,
      String os) {
    public Outcome {
      messages = List.copyOf(messages);
    }
  }

  /**
   * What it took.
   *
   * @param totalNs from its start to its end as the server saw them
   * @param costNs its time divided by how many jobs of its size ran meanwhile
   */
  public record Usage(long userNs, long systemNs, long maxRss, long totalNs, long targetsSize, long costNs) {
    public static final Usage NONE = new Usage(0, 0, 0, 0, 0, 0);
  }

  /** The same, for that reason. */
  public RunRecord because(RunReason why) {
    Cause other = new Cause(why, cause.requiredTarget, cause.requiredBy, cause.eta, cause.pressureNs);
    return new RunRecord(ordered, other, outcome, usage);
  }

  private static Map<String, String> inOrder(Map<String, String> map) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }
}

package lmake.graph;

import java.util.List;

/**
 * The outcome of a run: what autodep makes of the accesses of a job, for the engine.
 *
 * @param status never NEW nor RUNNING
 * @param deps static deps included; empty when the run is worth nothing (killed, lost)
 * @param targets files written or removed, and static targets, with what is on disk now
 * @param messages sentences for the user, outermost first, two spaces deeper each level
 * @param hasStderr the job wrote on stderr
 * @param execMs duration of the process
 * @param pollutes nodes written although they are not this job's to write
 */
public record JobResult(
    JobStatus status,
    DepVector deps,
    TargetVector targets,
    List<String> messages,
    boolean hasStderr,
    int execMs,
    List<Integer> pollutes) {
  public JobResult {
    messages = List.copyOf(messages);
    pollutes = List.copyOf(pollutes);
  }
}

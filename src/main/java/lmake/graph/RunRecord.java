package lmake.graph;

import java.util.List;
import java.util.Map;

/**
 * What is kept of the last run of a job for people: apart from the hot data, read by lshow only. Dates are nanoseconds since
 * the epoch, durations nanoseconds, sizes bytes; 0 or empty when unknown.
 *
 * @param argv the interpreter and its arguments, the text of the cmd last
 * @param environ as the rule gives it, before keys such as {@code $REPO_ROOT} are replaced
 * @param reason why it ran
 * @param requiredTarget the target for which it was wanted, empty when the command line named the job
 * @param requiredBy the target of the command line all this was for, empty when it is the former
 * @param os of the host it ran on, as {@code debian/"12"/x86_64}
 * @param isolation what it was to see otherwise than it is, by name of attribute; views as {@code views NAME}
 * @param costNs its time divided by how many jobs of its size ran meanwhile
 * @param eta when its command was thought to be over when the job was queued
 * @param pressureNs longest path from the job, itself included, to what that command asked for
 * @param waitStatus as waitpid gives it; -1 when the job was never started
 */
public record RunRecord(
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
    RunReason reason,
    String requiredTarget,
    String requiredBy,
    long startDate,
    long endDate,
    JobStatus status,
    int waitStatus,
    long userNs,
    long systemNs,
    long maxRss,
    long totalNs,
    long targetsSize,
    int pid,
    byte[] stdoutText,
    byte[] stderrText,
    List<String> messages,
    String os,
    Map<String, String> isolation,
    long costNs,
    long eta,
    long pressureNs) {
  /** The same, for that reason. */
  public RunRecord because(RunReason why) {
    return new RunRecord(
        seq, smallId, argv, environ, resources, autodep, stdin, stdout, tmpDir, timeout, why, requiredTarget,
        requiredBy, startDate, endDate, status, waitStatus, userNs, systemNs, maxRss, totalNs, targetsSize, pid,
        stdoutText, stderrText, messages, os, isolation, costNs, eta, pressureNs);
  }

  public RunRecord {
    argv = List.copyOf(argv);
    environ = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(environ));
    resources = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(resources));
    messages = List.copyOf(messages);
    isolation = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(isolation));
  }

  /** Of a job that sees what everybody sees. */
  public RunRecord(
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
      RunReason reason,
      String requiredTarget,
      String requiredBy,
      long startDate,
      long endDate,
      JobStatus status,
      int waitStatus,
      long userNs,
      long systemNs,
      long maxRss,
      long totalNs,
      long targetsSize,
      int pid,
      byte[] stdoutText,
      byte[] stderrText,
      List<String> messages,
      String os) {
    this(
        seq, smallId, argv, environ, resources, autodep, stdin, stdout,
        tmpDir, timeout, reason, requiredTarget, requiredBy, startDate, endDate, status,
        waitStatus, userNs, systemNs, maxRss, totalNs, targetsSize, pid, stdoutText,
        stderrText, messages, os, Map.of(), 0, 0, 0);
  }
}

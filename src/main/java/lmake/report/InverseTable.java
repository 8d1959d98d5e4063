package lmake.report;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.JobStatus;

/** Jobs that read, or wrote, a file: {@code lshow -D} and {@code -T}. All jobs are looked at; engine's thread. */
public final class InverseTable {
  private final Jobs jobs;
  private final List<Integer> found = new ArrayList<>();

  /**
   * @param byTarget jobs that have it as a target, else as a dep
   * @param verbose also jobs whose rule is gone
   */
  public InverseTable(Jobs jobs, String file, boolean byTarget, boolean verbose) {
    this.jobs = jobs;
    Graph graph = jobs.graph();
    int node = graph.findNode(file);
    if (node == 0) return;
    for (int job = 1; job <= graph.jobCount(); job++) {
      if (!verbose && jobs.rule(job).isEmpty()) continue;
      boolean touches = byTarget ? graph.targets(job).find(node) >= 0 : reads(graph.deps(job), node);
      if (touches) found.add(job);
    }
  }

  public List<Line> lines() {
    int width = found.stream().mapToInt(job -> jobs.ruleName(job).length()).max().orElse(0);
    List<Line> lines = new ArrayList<>();
    for (int job : found) {
      lines.add(Line.of(StatusLine.pad(jobs.ruleName(job), width) + " ").name(jobs.name(job)).in(color(job)));
    }
    return lines;
  }

  /** A set of tuples. */
  public Object literal() {
    Set<Object> all = new LinkedHashSet<>();
    for (int job : found) all.add(List.of(jobs.ruleName(job), jobs.name(job)));
    return all;
  }

  private Color color(int job) {
    if (jobs.rule(job).isEmpty()) return Color.HIDDEN_NOTE;
    JobStatus status = jobs.graph().status(job);
    return status.error() ? Color.ERR : status == JobStatus.OK ? Color.OK : Color.NOTE;
  }

  private static boolean reads(DepVector deps, int node) {
    for (int i = 0; i < deps.size(); i++) if (deps.node(i) == node) return true;
    return false;
  }
}

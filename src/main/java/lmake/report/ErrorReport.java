package lmake.report;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import lmake.engine.Action;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;
import lmake.rules.Rule;

/**
 * The errors of a req: for each target in error the stack of jobs down to the culprit, then the targets that nothing
 * makes. Each job and file is told once. One use, engine's thread.
 */
public final class ErrorReport {
  private static final int LABEL_WIDTH = 26;

  private final Jobs jobs;
  private final Graph graph;
  private final Disk disk;
  private final Map<Integer, String> lastNode;
  private final Faults faults;
  private final IntFunction<Optional<List<Line>>> attached;
  private final int width;
  private final List<Line> lines = new ArrayList<>();
  private final Set<Integer> toldJobs = new HashSet<>();
  private final Set<Integer> toldNodes = new HashSet<>();
  private int room;
  private boolean someAttached;

  /**
   * @param lastReason what was last said of jobs in this req
   * @param lastNode what was last said of files in this req
   * @param attached messages and stderr of a job; empty if it never ran
   */
  public ErrorReport(
      Jobs jobs,
      Disk disk,
      Map<Integer, RunReason> lastReason,
      Map<Integer, String> lastNode,
      IntFunction<Optional<List<Line>>> attached) {
    this.jobs = jobs;
    this.graph = jobs.graph();
    this.disk = disk;
    this.lastNode = lastNode;
    this.faults = new Faults(jobs, disk, lastReason, lastNode);
    this.attached = attached;
    this.width = jobs.book().rules().stream().mapToInt(rule -> rule.name().length()).reduce(LABEL_WIDTH, Math::max);
  }

  /**
   * @param most lines, stderr not counted
   */
  public List<Line> lines(List<Action.TargetEnd> ends, int most) {
    room = most - 1;
    List<Integer> unmade = new ArrayList<>();
    for (Action.TargetEnd end : ends) {
      if (end.ok() || lastNode.getOrDefault(end.node(), "").equals("cycle") && looping(end.node())) continue;
      if (end.job() != 0) root(end.node(), end.job());
      else if (!looping(end.node())) file(end.node(), unmade);
    }
    for (int node : unmade) for (Line line : new NoRule(jobs.book(), disk).explain(graph.name(node))) add(line);
    if (room < 0) lines.add(Line.of("...").in(Color.NOTE));
    return lines;
  }

  private void root(int node, int job) {
    boolean own = graph.status(job).error() || graph.frozen(job) || !faults.of(job).isEmpty();
    if (own) {
      stack(job, 0);
      return;
    }
    Optional<List<Line>> cycle = node == 0 ? Optional.empty() : new Cycle(jobs, faults).lines(node, job);
    if (cycle.isPresent()) {
      cycle.get().forEach(this::add);
      return;
    }
    String label = graph.status(job) == JobStatus.NEW ? "never built" : "not built";
    add(row(label, node == 0 ? jobs.name(job) : graph.name(node), 0).in(Color.ERR));
  }

  /** A target without a job may well have one that waits for itself. */
  private boolean looping(int node) {
    int maker = faults.maker(node);
    if (maker == 0 || graph.status(maker).error()) return false;
    Optional<List<Line>> cycle = new Cycle(jobs, faults).lines(node, maker);
    cycle.ifPresent(drawn -> drawn.forEach(this::add));
    return cycle.isPresent();
  }

  private void file(int node, List<Integer> unmade) {
    String label = faults.label(node);
    boolean labelled = jobs.isSource(graph.name(node)) || label.equals("multi");
    if (!labelled) unmade.add(node);
    else if (toldNodes.add(node)) add(row(label.isEmpty() ? "not built" : label, graph.name(node), 0).in(Color.ERR));
  }

  private void stack(int job, int depth) {
    if (toldJobs.contains(job)) return;
    if (room <= 0) {
      room = -1;
      return;
    }
    toldJobs.add(job);
    List<Faults.Fault> below = faults.of(job);
    String label = jobs.rule(job).map(Rule::name).orElse("");
    add(row(label, jobs.name(job), depth).in(below.isEmpty() ? Color.ERR : Color.HIDDEN_NOTE));
    if (below.isEmpty() && !graph.frozen(job)) attach(job, depth);
    for (Faults.Fault fault : below) {
      if (fault.job() != 0) stack(fault.job(), depth + 1);
      else if (toldNodes.add(fault.node())) {
        add(row(fault.label(), graph.name(fault.node()), depth + 1).in(Color.ERR));
      }
    }
  }

  private void attach(int job, int depth) {
    if (someAttached || room < 0) return;
    List<Line> text =
        attached.apply(job).orElse(List.of(Line.at(1).text("no stderr available").in(Color.NOTE)));
    if (text.isEmpty()) return;
    someAttached = true;
    for (Line line : text) lines.add(line.indent().startsWith("\t") ? line : line.behind("  ".repeat(depth)));
  }

  /** Keeps a line if there is room for it. */
  private void add(Line line) {
    if (room > 0) lines.add(line);
    room = room > 0 ? room - 1 : -1;
  }

  private Line row(String label, String name, int depth) {
    return Line.at(depth).text(StatusLine.pad(label, width) + " ").name(name);
  }
}

package lmake.report;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import lmake.base.Crc;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;
import lmake.graph.TargetFlags;
import lmake.graph.TargetVector;
import lmake.rules.StaticDep;

/**
 * Which deps put a job in error, once a req is over. The store keeps how each job last ran, not that it could not run
 * this time for a fault below it: that is found again here, each job and file once. Reads the graph; engine's thread.
 */
final class Faults {
  private static final String FINE = "";

  private final Jobs jobs;
  private final Graph graph;
  private final Disk disk;
  private final Map<Integer, RunReason> lastReason;
  private final Map<Integer, String> lastNode;
  private final Map<Integer, Boolean> inError = new HashMap<>();
  private final Map<Integer, Integer> makers = new HashMap<>();
  private final Map<Integer, String> labels = new HashMap<>();

  /** A dep that is in the way. {@code job}: the one in error that makes it, 0 when {@code label} says it all. */
  record Fault(int node, int job, String label) {}

  /** Deps of a job, as arrays. */
  record Deps(int[] nodes, int[] flags) {}

  /**
   * @param lastReason what was last said of jobs in this req
   * @param lastNode what was last said of files in this req
   */
  Faults(Jobs jobs, Disk disk, Map<Integer, RunReason> lastReason, Map<Integer, String> lastNode) {
    this.jobs = jobs;
    this.graph = jobs.graph();
    this.disk = disk;
    this.lastReason = lastReason;
    this.lastNode = lastNode;
  }

  /** Faults of a job, in order of its deps; empty when the error, if any, is its own. */
  List<Fault> of(int job) {
    List<Fault> faults = new ArrayList<>();
    if (graph.frozen(job)) return faults;
    RunReason said = lastReason.getOrDefault(job, RunReason.NONE);
    Deps deps = deps(job);
    boolean listed = false;
    for (int i = 0; i < deps.nodes.length; i++) {
      int node = deps.nodes[i];
      Optional<Fault> fault = node == said.node() ? said(said) : Optional.empty();
      if (fault.isEmpty()) fault = fault(node, deps.flags[i]);
      listed |= node == said.node();
      fault.ifPresent(faults::add);
    }
    if (!listed) said(said).ifPresent(faults::add);
    return faults;
  }

  /** What stands in the way when a file that no job makes is needed; "" when nothing does. */
  String label(int node) {
    return labels.computeIfAbsent(node, this::work);
  }

  /** The job that makes a file; 0 for a source or a file that nothing makes. */
  int maker(int node) {
    return makers.computeIfAbsent(node, n -> jobs.isSource(graph.name(n)) ? 0 : jobs.of(graph.name(n)));
  }

  /** Recorded deps; the static ones for a job that never ran. */
  Deps deps(int job) {
    DepVector deps = graph.deps(job);
    if (deps.size() == 0) return staticDeps(job);
    int[] nodes = new int[deps.size()];
    int[] flags = new int[deps.size()];
    for (int i = 0; i < nodes.length; i++) {
      nodes[i] = deps.node(i);
      flags[i] = deps.flags(i) | (deps.kinds(i) != 0 ? 0 : DepFlags.IGNORE);
    }
    return new Deps(nodes, flags);
  }

  private Deps staticDeps(int job) {
    List<StaticDep> deps = jobs.rule(job).flatMap(rule -> rule.staticDeps(graph.stems(job))).orElse(List.of());
    return new Deps(
        deps.stream().mapToInt(dep -> graph.node(dep.name())).toArray(),
        deps.stream().mapToInt(StaticDep::flags).toArray());
  }

  private static Optional<Fault> said(RunReason why) {
    if (why.node() == 0) return Optional.empty();
    return switch (why.kind()) {
      case DEP_OVERWRITTEN -> Optional.of(new Fault(why.node(), 0, "overwritten"));
      case DEP_DANGLING -> Optional.of(new Fault(why.node(), 0, "dangling"));
      case DEP_MISSING -> Optional.of(new Fault(why.node(), 0, "missing"));
      default -> Optional.empty();
    };
  }

  private Optional<Fault> fault(int node, int flags) {
    if ((flags & DepFlags.IGNORE_ERROR) != 0) return Optional.empty();
    int maker = maker(node);
    if (maker != 0 && inError(maker)) return Optional.of(new Fault(node, maker, FINE));
    String label = leaf(node, flags, maker);
    return label.equals(FINE) ? Optional.empty() : Optional.of(new Fault(node, 0, label));
  }

  private String leaf(int node, int flags, int maker) {
    boolean required = (flags & (DepFlags.REQUIRED | DepFlags.STATIC)) != 0;
    boolean bare = (flags & DepFlags.IGNORE) != 0 && !required;
    if (bare) return FINE;
    if (maker != 0) return required && graph.crc(node) == Crc.NONE ? "missing" : FINE;
    String label = label(node);
    return label.equals("missing") && !required ? FINE : label;
  }

  private String work(int node) {
    String name = graph.name(node);
    String said = lastNode.getOrDefault(node, "");
    if (said.equals("multi") || said.equals("overwritten")) return said;
    if (jobs.isSource(name)) {
      if (graph.crc(node) != Crc.NONE) return FINE;
      return graph.has(node, Graph.FROZEN) ? "missing frozen" : "missing source";
    }
    if (said.equals("dangling")) return said;
    if (jobs.book().manifest().leadsToSource(name)) return FINE;
    if (jobs.book().manifest().inSourceDir(name)) return disk.has(name) ? FINE : "missing";
    return disk.has(name) && !disk.hasDir(name) ? "dangling" : "missing";
  }

  /** A frozen job is in error when a file is missing, whatever its last run was; its deps do not matter. */
  private boolean frozenGone(int job) {
    TargetVector targets = graph.targets(job);
    int must = TargetFlags.OFFICIAL | TargetFlags.STATIC;
    for (int i = 0; i < targets.size(); i++) {
      boolean needed = (targets.flags(i) & (must | TargetFlags.OPTIONAL | TargetFlags.PHONY)) == must;
      if (needed && targets.crc(i) == Crc.NONE) return true;
    }
    return false;
  }

  /** True for a job in error of its own or by its deps. Chains of jobs are long: no recursion. */
  boolean inError(int root) {
    Deque<Walk> stack = new ArrayDeque<>();
    enter(root, stack);
    while (!stack.isEmpty()) {
      Walk walk = stack.peek();
      if (walk.next == walk.deps.nodes.length) {
        inError.put(stack.pop().job, false);
        continue;
      }
      int node = walk.deps.nodes[walk.next];
      int flags = walk.deps.flags[walk.next];
      int maker = maker(node);
      if (maker != 0 && enter(maker, stack)) continue;
      walk.next++;
      if ((flags & DepFlags.IGNORE_ERROR) != 0) continue;
      if (maker != 0 && inError.get(maker) || !leaf(node, flags, maker).equals(FINE)) {
        inError.put(stack.pop().job, true);
      }
    }
    return inError.get(root);
  }

  private static final class Walk {
    private final int job;
    private final Deps deps;
    private int next;

    Walk(int job, Deps deps) {
      this.job = job;
      this.deps = deps;
    }
  }

  /** True if the deps of the job must be walked first. Until then it is deemed right: a cycle is told elsewhere. */
  private boolean enter(int job, Deque<Walk> stack) {
    if (inError.containsKey(job)) return false;
    if (graph.frozen(job)) {
      inError.put(job, frozenGone(job));
      return false;
    }
    JobStatus status = graph.status(job);
    inError.put(job, status.error());
    if (status.error()) return false;
    stack.push(new Walk(job, deps(job)));
    return true;
  }
}

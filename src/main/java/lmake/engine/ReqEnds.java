package lmake.engine;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import lmake.engine.Req.JobState;
import lmake.engine.Req.Verdict;
import lmake.graph.DepVector;
import lmake.graph.Graph;

/** When a command is over: all it wanted is settled, or it was interrupted, or nothing can move any more (a cycle). */
final class ReqEnds {
  private final Turn turn;
  private final Graph graph;
  private final JobRuns runs;
  private final JobMaker makers;
  private final Washes washes;

  ReqEnds(Turn turn, JobRuns runs, JobMaker makers, Washes washes) {
    this.makers = makers;
    this.washes = washes;
    this.turn = turn;
    this.graph = turn.graph;
    this.runs = runs;
  }

  /** Jobs that only this command wants are killed; it ends with the last of them. */
  void kill(int id) {
    Req req = turn.reqs.get(id);
    if (req == null || req.killed) return;
    runs.abandon(req);
    req.killed = true;
  }

  void settle() {
    for (Req req : List.copyOf(turn.reqs.values())) {
      if (req.killed ? req.executing == 0 : finished(req)) {
        close(req);
      } else if (!req.killed && req.looks == 0 && req.executing == 0) {
        sayCycle(req);
        close(req);
      }
    }
  }

  private boolean finished(Req req) {
    int total = req.targets.length + req.jobs.length;
    for (; req.finished < total; req.finished++) {
      int i = req.finished;
      boolean done =
          i < req.targets.length
              ? req.reached(req.targets[i], Req.DISK)
              : req.job(req.jobs[i - req.targets.length]).step == JobState.DONE;
      if (!done) return false;
    }
    // A file asked for again since (its job had to run once more) may not be there yet.
    for (int node : req.targets) if (!req.reached(node, Req.DISK)) return false;
    return req.executing == 0;
  }

  private void close(Req req) {
    washes.tidy();
    turn.reqs.remove(req.id);
    List<Action.TargetEnd> ends = new ArrayList<>();
    boolean ok = !req.killed;
    for (int node : req.targets) {
      int job = req.conform(node);
      boolean right = req.reached(node, Req.DISK) && !req.has(node, Req.ERR | Req.ABSENT | Req.OVERWRITTEN);
      right &= !clashing(req, node);
      boolean touched = job != 0 && req.job(job).ran;
      if (!right && job != 0 && req.job(job).step == JobState.DONE && !req.killed) makers.confirm(req, job);
      ends.add(new Action.TargetEnd(node, job, right, touched));
      ok &= right;
    }
    for (int job : req.jobs) {
      JobState state = req.job(job);
      boolean right = state.step == JobState.DONE && state.verdict == Verdict.OK;
      ends.add(new Action.TargetEnd(0, job, right, state.ran));
      ok &= right;
    }
    List<Action.Clash> clashes = clashes(req);
    ok &= clashes.isEmpty(); // what was made of such a file is not right either
    turn.emit(new Action.ReqDone(req.id, ok, ends, marked(req), clashes));
  }

  /** Whether another job wrote over the file again, after it was made again for that. */
  private boolean clashing(Req req, int node) {
    return req.clashes.containsKey(node) && graph.writer(node) != req.conform(node);
  }

  private List<Action.Clash> clashes(Req req) {
    List<Action.Clash> clashes = new ArrayList<>();
    req.clashes.forEach((node, other) -> {
      if (clashing(req, node)) clashes.add(new Action.Clash(node, req.conform(node), other));
    });
    return clashes;
  }

  private static Action.Marked marked(Req req) {
    if (req.frozenJobs.isEmpty() && req.frozenFiles.isEmpty() && req.ignored.isEmpty()) return Action.Marked.NONE;
    return new Action.Marked(
        List.copyOf(req.frozenJobs), List.copyOf(req.frozenFiles), List.copyOf(req.ignored));
  }

  // --- cycles

  /** Tries to free commands in which all that could move waits for itself; true when some job is to be looked at again. */
  boolean hastenLoops(JobMaker jobs) {
    boolean hastened = false;
    for (Req req : turn.reqs.values()) {
      if (req.killed || req.looks > 0 || req.executing > 0 || finished(req)) continue;
      for (int start : stuck(req)) {
        for (int node : loopFrom(req, start)) {
          int job = awaitedJob(req, node);
          if (job != 0) hastened |= jobs.hasten(req, job);
        }
      }
    }
    return hastened;
  }

  /** Nodes the command still waits for: targets, and what the jobs it names wait for. */
  private List<Integer> stuck(Req req) {
    List<Integer> nodes = new ArrayList<>();
    for (int target : req.targets) if (!req.reached(target, Req.DISK)) nodes.add(target);
    for (int job : req.jobs) {
      int dep = req.job(job).step == JobState.DEP ? awaitedDep(req, job) : 0;
      if (dep != 0) nodes.add(dep);
    }
    return nodes;
  }

  /** Nodes that wait one for the next, as met from a target until one is met again. */
  private Set<Integer> loopFrom(Req req, int start) {
    Set<Integer> path = new LinkedHashSet<>();
    for (int node = start; node != 0 && path.add(node); node = awaitedBy(req, node)) {}
    return path;
  }

  /** The node that this one waits for, through the job that makes it or for its dir; 0 when it waits for none. */
  private int awaitedBy(Req req, int node) {
    int job = awaitedJob(req, node);
    if (job != 0) return awaitedDep(req, job);
    int dir = turn.matching.uphill(node);
    return dir != 0 && req.goal(dir) > 0 && !req.reached(dir, req.goal(dir)) ? dir : 0;
  }

  /** Nothing runs, nothing is asked, and yet something waits: it waits for itself. */
  private void sayCycle(Req req) {
    for (int node : stuck(req)) {
      turn.emit(new Action.SayNode(req.id, "cycle", node, cycleFrom(req, node)));
      return;
    }
  }

  /** The loop, one line a node: {@code rule file}, from where it is entered. */
  private List<String> cycleFrom(Req req, int start) {
    Set<Integer> path = new LinkedHashSet<>();
    int node = start;
    for (; node != 0 && path.add(node); node = awaitedBy(req, node)) {}
    List<String> lines = new ArrayList<>();
    boolean inLoop = false;
    for (int step : path) {
      inLoop |= step == node;
      if (inLoop || node == 0) lines.add(line(req, step));
    }
    return lines;
  }

  private String line(Req req, int node) {
    int job = awaitedJob(req, node);
    String rule = job == 0 ? "" : turn.matching.facts(job).rule().name();
    return rule + " " + graph.name(node);
  }

  private int awaitedJob(Req req, int node) {
    Match match = turn.matching.of(node);
    for (int job : match.jobs()) {
      JobState state = req.knownJob(job);
      if (state != null && state.step == JobState.DEP) return job;
    }
    return 0;
  }

  private int awaitedDep(Req req, int job) {
    DepVector deps = depsOf(job);
    for (int i = 0; i < deps.size(); i++) {
      int node = deps.node(i);
      if (req.goal(node) > 0 && !req.reached(node, req.goal(node))) return node;
    }
    return 0;
  }

  private DepVector depsOf(int job) {
    DepVector deps = graph.deps(job);
    return deps.size() > 0 ? deps : turn.matching.facts(job).staticDeps();
  }

  /** Jobs of this command that wait for a node some run of this job is to make. */
  void waitersOf(Req req, int awaited, List<Integer> waiters) {
    for (int job = 1; job < req.jobBound(); job++) {
      JobState state = req.knownJob(job);
      if (state == null || state.step != JobState.DEP || state.waiting == 0) continue;
      DepVector deps = depsOf(job);
      for (int i = 0; i < deps.size(); i++) {
        if (waitsFor(req, deps.node(i), awaited) && !waiters.contains(job)) waiters.add(job);
      }
    }
  }

  private boolean waitsFor(Req req, int node, int awaited) {
    if (req.goal(node) == 0 || req.reached(node, req.goal(node))) return false;
    return turn.matching.makes(awaited, node);
  }
}

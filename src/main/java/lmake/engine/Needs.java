package lmake.engine;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import lmake.base.Crc;
import lmake.engine.Action.Need;
import lmake.engine.Req.JobState;
import lmake.engine.Req.Verdict;
import lmake.graph.Accesses;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.Graph;

/**
 * How sure it is that a command needs a job. All known deps of a job are built at once, before it is known that the first ones
 * are as they were; so a dep may be built that the job will not look at any more. Nothing is kept of this: it is worked out,
 * from those who wait, when a job ends in error, which is the only time it matters. Touches no state but the list of errors
 * that were told as perhaps useless.
 */
final class Needs {
  private final Turn turn;
  private final Graph graph;
  private final JobMaker jobs;
  private final Asks asks;

  Needs(Turn turn, JobMaker jobs, Asks asks) {
    this.turn = turn;
    this.graph = turn.graph;
    this.jobs = jobs;
    this.asks = asks;
  }

  /** The best over all who wait for the job, directly or not. */
  Need of(Req req, int job) {
    for (Need need : List.of(Need.CERTAIN, Need.MAYBE)) if (leadsToTarget(req, job, need)) return need;
    return Need.SPECULATIVE;
  }

  /** Whether some chain of jobs that wait, each sure at least so much to need the next, goes from the command line to the job. */
  private boolean leadsToTarget(Req req, int job, Need worst) {
    Set<Integer> met = new HashSet<>(Set.of(job));
    Deque<Integer> left = new ArrayDeque<>(met);
    while (!left.isEmpty()) {
      int one = left.pop();
      if (named(req, one)) return true;
      Deque<Integer> nodes = new ArrayDeque<>();
      req.forEachWatcher(req.job(one), nodes::add);
      while (!nodes.isEmpty()) {
        int node = nodes.pop();
        if (req.has(node, Req.TARGET)) return true;
        req.forEachWatcher(node, waiter -> {
          if (waiter < 0) nodes.push(-waiter); // a node waits for its dir
          else if (of(req, waiter, node).compareTo(worst) <= 0 && met.add(waiter)) left.push(waiter);
        });
        // Who asks for a file waits for it, and for nothing else.
        asks.forEachAsker(node, asker -> {
          if (req.knownJob(asker) != null && met.add(asker)) left.push(asker);
        });
      }
    }
    return false;
  }

  private static boolean named(Req req, int job) {
    for (int wanted : req.jobs) if (wanted == job) return true;
    return false;
  }

  /** How sure it is that a job needs one of its deps: what comes before it, in sequence, must be as the job saw it. */
  private Need of(Req req, int job, int node) {
    DepVector deps = jobs.depsToWalk(job);
    int at = 0;
    while (at < deps.size() && deps.node(at) != node) at++;
    if (at == deps.size()) return Need.SPECULATIVE;
    if ((deps.flags(at) & DepFlags.STATIC) != 0) return Need.CERTAIN;
    if (!JobMaker.leadsOn(jobs.ownReason(req, job))) return Need.SPECULATIVE;
    while (at > 0 && deps.has(at, DepVector.PARALLEL)) at--;
    Need need = Need.CERTAIN;
    for (int i = 0; i < at; i++) {
      boolean cared = deps.kinds(i) != 0 || (deps.flags(i) & (DepFlags.REQUIRED | DepFlags.STATIC)) != 0;
      if (!cared) continue;
      if (!asSeen(req, deps, i)) return Need.SPECULATIVE;
      if (!jobs.depError(req, deps.node(i), deps.flags(i)).none()) need = Need.MAYBE;
    }
    return need;
  }

  /** Whether a dep is settled, and is what the job saw. */
  private boolean asSeen(Req req, DepVector deps, int i) {
    int node = deps.node(i);
    if (!req.reached(node, Req.STATUS)) return false;
    if (req.has(node, Req.TRANSIENT) && (deps.flags(i) & DepFlags.STATIC) == 0) return false;
    if (!jobs.depError(req, node, deps.flags(i)).none()) return true; // the error comes first
    if (deps.kinds(i) == 0) return true;
    if (deps.has(i, DepVector.HOT) || deps.has(i, DepVector.SIG)) return false;
    if ((deps.kinds(i) & Accesses.E) != 0 && req.has(node, Req.ERR) != deps.has(i, DepVector.ERROR)) return false;
    long now = req.has(node, Req.ABSENT) ? Crc.NONE : graph.crc(node);
    return !Crc.differs(deps.value(i), now, deps.kinds(i));
  }

  /**
   * A job is needed for certain and in error: of what led to it, what was told as perhaps useless is told again. Only for a
   * job that is done.
   */
  void confirm(Req req, int job) {
    if (req.speculated.isEmpty()) return;
    Set<Integer> met = new HashSet<>(Set.of(job));
    Deque<Integer> left = new ArrayDeque<>(met);
    while (!left.isEmpty() && !req.speculated.isEmpty()) {
      int one = left.poll();
      Action.SayJob told = req.speculated.remove(one);
      if (told != null) turn.emit(again(told));
      JobState state = req.job(one);
      if (state.verdict != Verdict.DEP_ERROR || state.step != JobState.DONE) continue;
      DepVector deps = jobs.depsToWalk(one);
      for (int i = 0; i < deps.size(); i++) {
        int node = deps.node(i);
        int maker = req.has(node, Req.ERR) ? req.conform(node) : 0;
        if (maker == 0 || (deps.flags(i) & DepFlags.IGNORE_ERROR) != 0 || met.contains(maker)) continue;
        if (of(req, one, node) == Need.CERTAIN && met.add(maker)) left.add(maker);
      }
    }
  }

  private static Action.SayJob again(Action.SayJob told) {
    String word = told.word().startsWith("was_") ? told.word() : "was_" + told.word();
    return new Action.SayJob(
        told.req(), word, told.job(), -1, told.status(), told.why(), told.warning(), told.notes(), Need.CERTAIN);
  }
}

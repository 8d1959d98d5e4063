package lmake.engine;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import lmake.base.Crc;
import lmake.engine.Event.Question;
import lmake.engine.Req.JobState;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.Graph;

/**
 * Questions of running jobs: build these deps now, tell me about them, are my deps up to date. Each is looked at again at the
 * end of every turn until it can be answered; there are never many.
 */
final class Asks {
  private final Turn turn;
  private final Graph graph;
  private final List<Event.JobAsks> open = new ArrayList<>();

  Asks(Turn turn) {
    this.turn = turn;
    this.graph = turn.graph;
  }

  void asked(Event.JobAsks ask) {
    Turn.Running run = turn.running.get(ask.job());
    if (run != null && run.attempt == ask.attempt()) open.add(ask);
  }

  /** The job is over: nobody waits for its answers. */
  void dropped(int job) {
    open.removeIf(ask -> ask.job() == job);
  }

  /** Jobs that run and wait for this node. */
  void forEachAsker(int node, java.util.function.IntConsumer tell) {
    for (Event.JobAsks ask : open) {
      for (int i = 0; i < ask.deps().size(); i++) {
        if (ask.deps().node(i) != node) continue;
        tell.accept(ask.job());
        break;
      }
    }
  }

  /** Answers what can be answered; true when nodes were wanted, so that there is work again. */
  boolean settle(NodeMaker nodes) {
    boolean wanted = false;
    for (Iterator<Event.JobAsks> it = open.iterator(); it.hasNext(); ) {
      Event.JobAsks ask = it.next();
      Req req = reqOf(ask.job());
      if (req == null) continue; // being killed
      boolean done =
          switch (ask.question()) {
            case BUILD_NOW -> buildNow(req, ask);
            case TELL -> tell(req, ask);
            case CHECK_DEPS, CHECK_DEPS_SYNC -> checkDeps(req, ask);
          };
      if (done) it.remove();
      else wanted |= wantAll(req, ask, nodes);
    }
    return wanted;
  }

  /** The first command for which the job runs. */
  private Req reqOf(int job) {
    for (Req req : turn.reqs.values()) {
      JobState state = req.knownJob(job);
      if (!req.killed && state != null && state.step == JobState.EXEC) return req;
    }
    return null;
  }

  private boolean wantAll(Req req, Event.JobAsks ask, NodeMaker nodes) {
    boolean wanted = false;
    int goal = ask.question() == Question.BUILD_NOW ? Req.DISK : Req.STATUS;
    for (int i = 0; i < ask.deps().size(); i++) {
      int node = ask.deps().node(i);
      if (req.goal(node) >= goal) continue;
      nodes.need(req, node, goal, req.job(ask.job()).target);
      wanted = true;
    }
    return wanted;
  }

  /**
   * All that runs waits to be answered, so that no answer will ever come: what they wait for waits for them. One goes on
   * without, and will be judged by its deps. False when that is not so.
   */
  boolean giveUp() {
    Set<Integer> waiting = new HashSet<>();
    Event.JobAsks last = null;
    for (Event.JobAsks ask : open) {
      if (ask.question() != Question.BUILD_NOW || reqOf(ask.job()) == null) continue;
      waiting.add(ask.job());
      last = ask;
    }
    if (last == null || !waiting.containsAll(turn.running.keySet())) return false;
    for (Req req : turn.reqs.values()) if (req.looks > 0) return false;
    open.remove(last);
    Turn.Running run = turn.running.get(last.job());
    for (int i = 0; i < last.deps().size(); i++) run.told.put(last.deps().node(i), Turn.Told.NOTHING);
    turn.emit(new Action.Answer(last.job(), last.attempt(), last.ask(), false, List.of()));
    return true;
  }

  private boolean buildNow(Req req, Event.JobAsks ask) {
    boolean ok = true;
    for (int i = 0; i < ask.deps().size(); i++) {
      int node = ask.deps().node(i);
      if (turn.matching.belowOwnTarget(ask.job(), node)) {
        ok &= (ask.deps().flags(i) & DepFlags.REQUIRED) == 0;
        continue;
      }
      if (!req.reached(node, Req.DISK)) return false;
      ok &= judged(req, ask, i);
    }
    turn.emit(new Action.Answer(ask.job(), ask.attempt(), ask.ask(), ok, List.of()));
    return true;
  }

  /** Whether a dep is right; that the job was told it is not matters as much as what it read. */
  private boolean judged(Req req, Event.JobAsks ask, int i) {
    boolean right = right(req, ask.deps(), i);
    int node = ask.deps().node(i);
    // One that was overwritten is wrong for this command only.
    Turn.Told told = req.has(node, Req.OVERWRITTEN) ? Turn.Told.NOTHING : Turn.Told.ERROR;
    if (!right && req.has(node, Req.ERR | Req.OVERWRITTEN)) turn.running.get(ask.job()).tell(node, told);
    return right;
  }

  private boolean right(Req req, DepVector deps, int i) {
    int node = deps.node(i);
    if (req.has(node, Req.ERR | Req.OVERWRITTEN)) return (deps.flags(i) & DepFlags.IGNORE_ERROR) != 0;
    return !req.has(node, Req.ABSENT) || (deps.flags(i) & DepFlags.REQUIRED) == 0;
  }

  /** What some job must still make is told as unknown: the job runs again once it is made. */
  private boolean tell(Req req, Event.JobAsks ask) {
    Turn.Running run = turn.running.get(ask.job());
    List<String> lines = new ArrayList<>();
    boolean ok = true;
    for (int i = 0; i < ask.deps().size(); i++) {
      int node = ask.deps().node(i);
      boolean own = turn.matching.belowOwnTarget(ask.job(), node);
      boolean reached = own || req.reached(node, Req.STATUS);
      if (!reached && waitsForDisk(req, node)) return false;
      reached &= own || !req.has(node, Req.TRANSIENT); // the job runs again, and meets the real name
      boolean error = !own && req.has(node, Req.ERR);
      boolean right = own ? (ask.deps().flags(i) & DepFlags.REQUIRED) == 0 : reached && right(req, ask.deps(), i);
      ok &= right || !reached;
      String status = !reached ? "-" : error ? "error" : "ok";
      long crc = !reached ? Crc.UNKNOWN : own || req.has(node, Req.ABSENT) ? Crc.NONE : graph.crc(node);
      if (reached && !error) run.tellRight(node, crc);
      else run.tell(node, reached ? Turn.Told.ERROR : Turn.Told.NOTHING);
      lines.add(status + " " + Crc.show(crc) + " " + graph.name(node));
    }
    turn.emit(new Action.Answer(ask.job(), ask.attempt(), ask.ask(), ok, lines));
    return true;
  }

  /** True when the node, or what it depends on, may be known without anything running. */
  private boolean waitsForDisk(Req req, int node) {
    return req.goal(node) == 0 || req.looks > 0;
  }

  private boolean checkDeps(Req req, Event.JobAsks ask) {
    boolean ok = true;
    for (int i = 0; i < ask.deps().size(); i++) {
      int node = ask.deps().node(i);
      if (turn.matching.belowOwnTarget(ask.job(), node)) continue;
      if (!req.reached(node, Req.STATUS)) {
        if (waitsForDisk(req, node)) return false;
        if (turn.matching.makes(ask.job(), node)) continue;
        kill(ask);
        return true;
      }
      ok &= judged(req, ask, i);
      // A dep in error is as it will be: run again, the job would only find it so again.
      if (!req.has(node, Req.ERR) && stale(req, ask.deps(), i)) {
        kill(ask);
        return true;
      }
    }
    turn.emit(new Action.Answer(ask.job(), ask.attempt(), ask.ask(), ok, List.of()));
    return true;
  }

  private boolean stale(Req req, DepVector deps, int i) {
    int node = deps.node(i);
    if (req.has(node, Req.TRANSIENT)) return true;
    long now = req.has(node, Req.ABSENT) ? Crc.NONE : graph.crc(node);
    if (deps.has(i, DepVector.SIG)) return deps.value(i) != graph.sig(node) || now == Crc.NONE;
    return Crc.differs(deps.value(i), now, deps.kinds(i));
  }

  private void kill(Event.JobAsks ask) {
    Turn.Running run = turn.running.get(ask.job());
    if (run == null || run.killing) return;
    run.killing = true;
    turn.emit(new Action.Kill(ask.job(), ask.attempt(), true));
  }
}

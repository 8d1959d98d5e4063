package lmake.engine;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
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

  private boolean buildNow(Req req, Event.JobAsks ask) {
    boolean ok = true;
    for (int i = 0; i < ask.deps().size(); i++) {
      int node = ask.deps().node(i);
      if (!req.reached(node, Req.DISK)) return false;
      ok &= right(req, ask.deps(), i);
    }
    turn.emit(new Action.Answer(ask.job(), ask.attempt(), ask.ask(), ok, List.of()));
    return true;
  }

  private boolean right(Req req, DepVector deps, int i) {
    int node = deps.node(i);
    if (req.has(node, Req.ERR | Req.OVERWRITTEN)) return (deps.flags(i) & DepFlags.IGNORE_ERROR) != 0;
    return !req.has(node, Req.ABSENT) || (deps.flags(i) & DepFlags.REQUIRED) == 0;
  }

  /** Sources are looked at first; what some job must still make is told as unknown, the job will be judged by its deps. */
  private boolean tell(Req req, Event.JobAsks ask) {
    List<String> lines = new ArrayList<>();
    boolean ok = true;
    for (int i = 0; i < ask.deps().size(); i++) {
      int node = ask.deps().node(i);
      boolean reached = req.reached(node, Req.STATUS);
      if (!reached && waitsForDisk(req, node)) return false;
      boolean right = reached && right(req, ask.deps(), i);
      ok &= right || !reached;
      String status = !reached ? "-" : req.has(node, Req.ERR) ? "error" : "ok";
      long crc = !reached ? Crc.UNKNOWN : req.has(node, Req.ABSENT) ? Crc.NONE : graph.crc(node);
      lines.add(status + " " + Crc.show(crc) + " " + graph.name(node));
    }
    turn.emit(new Action.Answer(ask.job(), ask.attempt(), ask.ask(), ok, lines));
    return true;
  }

  /** True when the node will be known without anything running. */
  private boolean waitsForDisk(Req req, int node) {
    return req.goal(node) == 0 || req.has(node, Req.ASKED);
  }

  private boolean checkDeps(Req req, Event.JobAsks ask) {
    boolean ok = true;
    for (int i = 0; i < ask.deps().size(); i++) {
      int node = ask.deps().node(i);
      if (!req.reached(node, Req.STATUS)) {
        if (waitsForDisk(req, node)) return false;
        kill(ask);
        return true;
      }
      if (stale(req, ask.deps(), i)) {
        kill(ask);
        return true;
      }
      ok &= right(req, ask.deps(), i);
    }
    turn.emit(new Action.Answer(ask.job(), ask.attempt(), ask.ask(), ok, List.of()));
    return true;
  }

  private boolean stale(Req req, DepVector deps, int i) {
    int node = deps.node(i);
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

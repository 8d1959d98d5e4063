package lmake.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.BiConsumer;
import lmake.base.Bug;
import lmake.engine.Req.JobState;
import lmake.graph.Graph;
import lmake.rules.RuleBook;

/**
 * The engine: takes an event, moves nodes and jobs of the commands being served, returns what the outside must now do. The
 * caller makes the changes of the graph durable before it carries the actions out.
 */
public final class Engine {
  private final Turn turn;
  private final NodeMaker nodes;
  private final JobMaker jobs;
  private final JobRuns runs;
  private final Asks asks;
  private final ReqEnds ends;
  private final Pressures pressures;

  /**
   * An engine without rules, which serves no command until {@link #setRules}.
   *
   * @param firstAttempt number of the first execution; greater than any given before on this repo
   */
  public Engine(Graph graph, long firstAttempt) {
    turn = new Turn(graph);
    Washes washes = new Washes(turn);
    nodes = new NodeMaker(turn, washes);
    runs = new JobRuns(turn, washes, firstAttempt);
    asks = new Asks(turn);
    jobs = new JobMaker(turn, nodes, runs, asks);
    ends = new ReqEnds(turn, runs, jobs, washes);
    pressures = new Pressures(turn, asks);
  }

  /** What the makefiles now say. While a command is served, only if matching and commands did not change. */
  public void setRules(RuleBook rules) {
    turn.matching = new Matching(turn.graph, rules);
  }

  /**
   * Until when runs may have written files that nobody told of. Of a file that is no older and that a job might make,
   * such a run is the likely maker: it is washed rather than held against who meets it.
   *
   * @param date nanoseconds since the epoch, of the clock that dates files; only ever later
   */
  public void orphansUntil(long date) {
    turn.orphansUntil = Math.max(turn.orphansUntil, date);
  }

  /** True while a command is served. */
  public boolean busy() {
    return !turn.reqs.isEmpty();
  }

  /** True while a run of this job goes on. */
  public boolean runs(int job) {
    return turn.runs(job);
  }

  /** True while a run of this job goes on for this command. */
  public boolean wants(int req, int job) {
    Req one = turn.reqs.get(req);
    JobState state = one == null ? null : one.knownJob(job);
    return state != null && state.step == JobState.EXEC;
  }

  /**
   * True when a file is what it will be at the end of the commands for which this job was started, and on disk: what is
   * computed from it holds.
   */
  public boolean settled(int job, int node) {
    for (Req req : turn.reqs.values()) {
      JobState state = req.knownJob(job);
      if (req.killed || state == null || state.step != JobState.EXEC) continue;
      if (!req.reached(node, Req.DISK) || req.has(node, Req.ERR | Req.OVERWRITTEN)) return false;
    }
    return true;
  }

  // --- time: asked for by who decides on the order of jobs; no decision of the engine depends on it

  /** How many tokens of cpu a job that was ordered asks for. */
  public void weigh(int job, long tokens) {
    Turn.Running run = turn.running.get(job);
    if (run != null) run.tokens = tokens;
  }

  /** Milliseconds that a job is thought to last. */
  public long expectedMs(int job) {
    return turn.matching == null ? 0 : turn.expectedMs(job);
  }

  /** Milliseconds of the longest path from a job, itself included, to what a command asks for; 0 when it has no part in it. */
  public long pressureMs(int req, int job) {
    Req one = turn.reqs.get(req);
    return one == null || turn.matching == null ? 0 : pressures.of(one, job);
  }

  /** Has pressures worked out anew, as who waits for what has changed. */
  public void renewPressures() {
    turn.reqs.values().forEach(Req::renew);
  }

  /** A job that a command waits for. */
  public interface Left {
    /**
     * @param ordered false while it waits for other jobs; it may then turn out that it need not run
     * @param ms how long it is thought to last in all
     * @param tokens of cpu it asks for, 0 when not known yet
     */
    void job(int job, boolean ordered, long ms, long tokens);
  }

  /** All jobs that a command waits for, as far as is known. */
  public void forEachLeft(int req, Left left) {
    Req one = turn.reqs.get(req);
    for (int job = 1; one != null && job < one.jobBound(); job++) {
      JobState state = one.knownJob(job);
      if (state == null || state.step != JobState.EXEC && (state.step != JobState.DEP || state.waiting == 0)) continue;
      Turn.Running run = turn.running.get(job);
      left.job(job, state.step == JobState.EXEC, turn.expectedMs(job), run == null ? 0 : run.tokens);
    }
  }

  /** One turn: an event comes in, nodes and jobs move, what the outside must do comes out, in order. */
  public List<Action> step(Event event) {
    if (event instanceof Event.ReqOpened e) opened(e);
    else if (event instanceof Event.ReqKilled e) ends.kill(e.req());
    else if (event instanceof Event.NodeChecked e) checked(e);
    else if (event instanceof Event.NodeRemoved e) removed(e);
    else if (event instanceof Event.JobEnded e) jobEnded(e);
    else if (event instanceof Event.JobAsks e) asks.asked(e);
    else if (event instanceof Event.JobStarted e) runs.started(e.job(), e.attempt());
    else throw Bug.of("unknown event %s", event);
    settle();
    return turn.takeActions();
  }

  private void opened(Event.ReqOpened e) {
    Bug.check(turn.matching != null, "a command before any rule");
    Req req =
        new Req(
            e.req(),
            e.options(),
            e.date(),
            e.targets().stream().mapToInt(Integer::intValue).toArray(),
            e.jobs().stream().mapToInt(Integer::intValue).toArray());
    Bug.check(turn.reqs.put(e.req(), req) == null, "req %d is open already", e.req());
    for (int node : req.targets) {
      req.set(node, Req.TARGET);
      nodes.need(req, node, Req.DISK, node);
    }
    for (int job : req.jobs) {
      req.job(job).step = JobState.DEP;
      turn.queueJob(req, job);
    }
  }

  private void checked(Event.NodeChecked e) {
    Req req = turn.answered(e.node());
    if (req != null && !req.killed) nodes.checked(req, e);
  }

  private void removed(Event.NodeRemoved e) {
    Req req = turn.answered(e.node());
    if (req != null) nodes.removed(req, e);
  }

  private void jobEnded(Event.JobEnded e) {
    for (Req req : turn.reqs.values()) if (!req.killed) jobs.tellHeld(req);
    if (runs.ended(e.job(), e.attempt(), e.result())) asks.dropped(e.job());
  }

  /** Does all that can be done without the outside. */
  private void settle() {
    do {
      for (Turn.Work work = turn.nextWork(); work != null; work = turn.nextWork()) {
        if (work.req().killed || turn.reqs.get(work.req().id) != work.req()) continue;
        if (work.node() != 0) nodes.advance(work.req(), work.node());
        else jobs.advance(work.req(), work.job());
      }
      for (Req req : turn.reqs.values()) if (req.looks == 0 && !req.killed) jobs.tellHeld(req);
    } while (asks.settle(nodes) || ends.hastenLoops(jobs) || asks.giveUp());
    ends.settle();
  }

  /** What {@code lshow -r} shows: jobs waiting (W) or running (R), each once, with the jobs that wait for it. */
  public void forEachActive(BiConsumer<Integer, List<Integer>> waiting, BiConsumer<Integer, List<Integer>> executing) {
    List<int[]> seen = new ArrayList<>();
    for (Req req : turn.reqs.values()) {
      for (int job = 0; job < req.jobBound(); job++) {
        JobState state = req.knownJob(job);
        if (state == null || (state.step != JobState.DEP && state.step != JobState.EXEC)) continue;
        seen.add(new int[] {job, state.step});
      }
    }
    seen.sort(Comparator.comparingInt(entry -> entry[0]));
    int last = 0;
    for (int[] entry : seen) {
      if (entry[0] == last) continue;
      last = entry[0];
      boolean runs = turn.runs(last);
      (runs ? executing : waiting).accept(last, waitersOf(last));
    }
  }

  private List<Integer> waitersOf(int job) {
    List<Integer> waiters = new ArrayList<>();
    for (Req req : turn.reqs.values()) ends.waitersOf(req, job, waiters);
    return waiters;
  }
}

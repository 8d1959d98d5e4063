package lmake.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import lmake.base.Bug;
import lmake.base.Crc;
import lmake.graph.Graph;
import lmake.graph.RunReason;

/**
 * What the parts of the engine share: the graph, the commands being served, the jobs that run, the work still to do in this
 * turn and the actions that will come out of it.
 */
final class Turn {
  final Graph graph;
  Matching matching;
  long orphansUntil = Long.MIN_VALUE; // see Engine

  final Estimates estimates;

  /** By number, so that what is done for each comes in a fixed order. */
  final Map<Integer, Req> reqs = new TreeMap<>();

  /** Jobs that run now. */
  final Map<Integer, Running> running = new HashMap<>();

  /** Commands awaiting an answer of the disk about a node, in the order they asked. */
  final Map<Integer, ArrayDeque<Integer>> asked = new HashMap<>();

  private final ArrayDeque<Work> work = new ArrayDeque<>();
  private List<Action> actions = new ArrayList<>();

  Turn(Graph graph) {
    this.graph = graph;
    estimates = new Estimates(graph);
  }

  /** How long a job is thought to last, in milliseconds. */
  long expectedMs(int job) {
    if (!matching.ruleExists(job)) return 0;
    Running run = running.get(job);
    return estimates.ms(job, matching.rule(job), run == null ? 0 : run.tokens);
  }

  /** A run that was started and has not ended. */
  enum Told {
    OK,
    ERROR,
    NOTHING // it was not known yet
  }

  static final class Running {
    final long attempt;
    final long cmdCrc;
    final long rsrcCrc;
    final RunReason why;
    final int since; // how many runs had ended
    boolean started; // its process is there
    boolean killing;
    long tokens; // of cpu, 0 while it is not known
    /** Who waits for its end to start a job that may write the same files. */
    final List<Behind> behind = new ArrayList<>();
    /** Files of other jobs that go before it starts. */
    final List<Integer> obstacles = new ArrayList<>();
    /** Status of deps that the job was told while it ran. */
    final Map<Integer, Told> told = new HashMap<>();
    /** Crc of those that were told to be right. */
    final Map<Integer, Long> crcs = new HashMap<>();

    Running(long attempt, long cmdCrc, long rsrcCrc, RunReason why, int since) {
      this.attempt = attempt;
      this.cmdCrc = cmdCrc;
      this.rsrcCrc = rsrcCrc;
      this.why = why;
      this.since = since;
    }

    /** The job is told of a dep; of one that is told to be two things nothing is known. */
    void tell(int node, Told status) {
      told.merge(node, status, (before, now) -> before == now ? now : Told.NOTHING);
    }

    /** The same of one that is right, with its crc. */
    void tellRight(int node, long crc) {
      Long before = crcs.put(node, crc);
      tell(node, before == null || before == crc ? Told.OK : Told.NOTHING);
    }
  }

  /** A job that a command is to start once another one has ended. */
  record Behind(Req req, int job) {}

  /** Something to look at again: a node, or a job when {@code node} is 0. */
  record Work(Req req, int node, int job) {}

  void emit(Action action) {
    actions.add(action);
  }

  List<Action> takeActions() {
    List<Action> taken = actions;
    actions = new ArrayList<>();
    return taken;
  }

  void queueNode(Req req, int node) {
    work.add(new Work(req, node, 0));
  }

  void queueJob(Req req, int job) {
    Req.JobState state = req.job(job);
    if (state.queued) return;
    state.queued = true;
    work.add(new Work(req, 0, job));
  }

  Work nextWork() {
    return work.poll();
  }

  /** Asks the disk about a node on behalf of a command. */
  void check(Req req, int node, long knownSig) {
    expect(req, node);
    // A file that changed within the precision of its dates must be read, whatever its sig says.
    boolean read = graph.has(node, Graph.HOT) || !Crc.known(graph.crc(node));
    emit(new Action.Check(node, read ? 0 : knownSig));
  }

  /** Has the file of a node that nobody makes removed. */
  void remove(Req req, int node, long knownSig) {
    expect(req, node);
    emit(new Action.Remove(node, Action.Removal.WASH, knownSig));
  }

  private void expect(Req req, int node) {
    Bug.check(!req.has(node, Req.ASKED), "node %d is asked twice", node);
    req.set(node, Req.ASKED);
    req.looks++;
    asked.computeIfAbsent(node, key -> new ArrayDeque<>(2)).add(req.id);
  }

  /** The command that asked first about this node; null when it is over. */
  Req answered(int node) {
    ArrayDeque<Integer> waiting = asked.get(node);
    Bug.check(waiting != null && !waiting.isEmpty(), "answer about node %d that was not asked", node);
    Req req = reqs.get(waiting.poll());
    if (waiting.isEmpty()) asked.remove(node);
    if (req == null) return null;
    req.clear(node, Req.ASKED);
    req.looks--;
    return req;
  }

  boolean runs(int job) {
    return running.containsKey(job);
  }
}

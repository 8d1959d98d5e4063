package lmake.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import lmake.base.Crc;
import lmake.engine.Action.Wash;
import lmake.engine.Req.HeldEnd;
import lmake.engine.Req.JobState;
import lmake.graph.Accesses;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.JobResult;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;
import lmake.graph.TargetFlags;
import lmake.graph.TargetVector;
import lmake.rules.Rule;

/**
 * Runs of jobs: what is written in the graph before one starts and when it ends, and what each command that waits for it is
 * told. At most one run of a job at a time, whoever wants it.
 */
final class JobRuns {
  private final Turn turn;
  private final Graph graph;
  private final Washes washes;
  private final Map<Integer, Long> lastAttempts = new HashMap<>();
  private final Map<Integer, Integer> losses = new HashMap<>();
  private int ends; // of runs, since the server began
  private int[] endedAt = new int[256]; // by job, which of them was its last
  private long nextAttempt;

  JobRuns(Turn turn, Washes washes, long firstAttempt) {
    this.turn = turn;
    this.washes = washes;
    this.graph = turn.graph;
    this.nextAttempt = firstAttempt;
  }

  /** Number of the last run of a job in this life of the server, 0 when it did not run. */
  long lastAttempt(int job) {
    return lastAttempts.getOrDefault(job, 0L);
  }

  /** Another command runs it already. */
  void join(Req req, int job, JobState state) {
    state.step = JobState.EXEC;
    req.executing++;
    turn.emit(say(req, "started", job, -1, RunReason.NONE));
  }

  /**
   * Two jobs may have a file in common: one makes it if it likes, else the other one does. Each removes it to start
   * cleanly, so they never run side by side. True when the job now waits for the end of such a one.
   */
  boolean queuesBehind(Req req, int job, JobState state) {
    int other = runsOnFilesOf(job);
    if (other == 0) return false;
    turn.running.get(other).behind.add(new Turn.Behind(req, job));
    state.behind = true;
    state.waiting++;
    req.executing++;
    return true;
  }

  /** A running job that has laid hands on a file this one would touch, 0 when there is none. */
  private int runsOnFilesOf(int job) {
    TargetVector targets = graph.targets(job);
    for (int i = 0; i < targets.size(); i++) {
      if (inOtherHands(targets.node(i), job)) return graph.writer(targets.node(i));
    }
    for (int node : turn.matching.facts(job).staticTargets()) if (inOtherHands(node, job)) return graph.writer(node);
    return 0;
  }

  private boolean inOtherHands(int node, int job) {
    return graph.has(node, Graph.BUSY) && graph.writer(node) != job && turn.runs(graph.writer(node));
  }

  private void free(Turn.Behind behind) {
    JobState state = behind.req().job(behind.job());
    if (!state.behind) return; // the command was interrupted
    leave(behind.req(), state);
    if (state.waiting == 0) turn.queueJob(behind.req(), behind.job());
  }

  private static void leave(Req req, JobState state) {
    state.behind = false;
    state.waiting--;
    req.executing--;
  }

  void submit(Req req, int job, JobState state, RunReason why) {
    JobFacts facts = turn.matching.facts(job);
    long attempt = nextAttempt++;
    lastAttempts.put(job, attempt);
    Rule rule = facts.rule();
    Turn.Running run = new Turn.Running(attempt, rule.cmdCrc(), rule.rsrcCrc(), why, ends);
    turn.running.put(job, run);
    state.step = JobState.EXEC;
    state.runs++;
    state.submits++;
    req.executing++;
    List<Wash> washes = this.washes.of(req, facts, run.obstacles);
    markBusy(facts);
    graph.setStatus(job, JobStatus.RUNNING);
    graph.setReason(job, why);
    if (why.kind() == RunReason.Kind.RETRY) {
      state.retries++;
      turn.emit(say(req, "retry", job, -1, why));
    }
    boolean liveOut = req.options.liveOut() && requested(req, job);
    turn.emit(
        new Action.Start(
            job, attempt, why, washes, req.options.keepTmp(), liveOut, state.target, req.origin(state.target)));
  }

  private static boolean requested(Req req, int job) {
    for (int wanted : req.jobs) if (wanted == job) return true;
    for (int target : req.targets) if (req.conform(target) == job || req.conform(target) == 0) return true;
    return false;
  }

  void started(int job, long attempt) {
    Turn.Running run = turn.running.get(job);
    if (run != null && run.attempt == attempt) run.started = true;
  }

  // --- before

  /** From now on, and until the end is accounted for, nobody may believe anything of these files. */
  private void markBusy(JobFacts facts) {
    TargetVector targets = graph.targets(facts.job());
    for (int i = 0; i < targets.size(); i++) busy(targets.node(i), facts.job());
    for (int node : facts.staticTargets()) busy(node, facts.job());
  }

  private void busy(int node, int job) {
    if (turn.matching.of(node).kind().source()) return;
    graph.setContent(node, Crc.UNKNOWN, Washes.oursOrNone(graph, node));
    graph.setWriter(node, job);
    graph.setFlag(node, Graph.BUSY, true);
    for (Req req : turn.reqs.values()) unsettle(req, node, job);
  }

  /**
   * The job runs once more for a command that was done with it, for another one of its files. Who needs this one waits again; if it
   * had been left to another job, be it one that has yet to make it, which of them makes it is to be found again.
   */
  private void unsettle(Req req, int node, int job) {
    if (req.killed || req.goal(node) == 0 || req.has(node, Req.MULTI)) return;
    req.setGroup(node, 0);
    if (!req.reached(node, Req.STATUS)) return; // it is looked at anew when what it waits for has come
    req.setReached(node, 0);
    req.clear(node, Req.CHECKED | Req.ABSENT | Req.ERR);
    turn.queueNode(req, node);
  }

  // --- after

  /** True when the end was that of the run going on; what ended late is dropped. */
  boolean ended(int job, long attempt, JobResult result) {
    Turn.Running run = turn.running.get(job);
    if (run == null || run.attempt != attempt) return false;
    turn.running.remove(job);
    JobStatus status = settleLoss(job, result.status());
    DepVector deps = asTold(run, resolved(result.deps())); // first: a source the job read and then wrote is known as it was read
    TargetVector before = graph.targets(job);
    if (trusted(status)) washes.gone(run.obstacles);
    boolean changed = applyTargets(job, run, result, status);
    if (job >= endedAt.length) endedAt = Arrays.copyOf(endedAt, Math.max(job + 1, 2 * endedAt.length));
    endedAt[job] = ++ends;
    // A run that was killed, lost or never began has seen only some of its deps: what was known before is better.
    boolean seen = status != JobStatus.KILLED && !status.lost();
    if (seen && deps.size() > 0) graph.setDeps(job, deps);
    else if (seen && status != JobStatus.EARLY_ERROR) graph.setDeps(job, DepVector.EMPTY);
    graph.setStatus(job, status);
    graph.setCmd(job, run.cmdCrc, run.rsrcCrc);
    if (status == JobStatus.OK) {
      turn.estimates.ran(job, result.execMs(), run.tokens);
      graph.setExecMs(job, result.execMs());
    }
    for (Req req : List.copyOf(turn.reqs.values())) {
      JobState state = req.knownJob(job);
      if (state != null && state.step == JobState.EXEC) tell(req, job, run, state, status, changed, result);
    }
    run.behind.forEach(this::free);
    return true;
  }

  /** A job lost too often is in error. */
  private JobStatus settleLoss(int job, JobStatus status) {
    if (!status.lost()) {
      losses.remove(job);
      return status;
    }
    int count = losses.merge(job, 1, Integer::sum);
    int retries = turn.matching.ruleExists(job) ? turn.matching.facts(job).rule().maxRetriesOnLost() : 0;
    if (count <= retries) return status;
    losses.remove(job);
    return status == JobStatus.LOST ? JobStatus.LOST_ERR : JobStatus.EARLY_LOST_ERR;
  }

  /** Writes what is now on disk; true when some target is not what it was before. */
  private boolean applyTargets(int job, Turn.Running run, JobResult result, JobStatus status) {
    TargetVector before = graph.targets(job);
    TargetVector after = result.targets();
    boolean trusted = trusted(status);
    boolean changed = false;
    for (int i = 0; i < before.size(); i++) {
      int node = before.node(i);
      if (after.find(node) >= 0) continue;
      changed |= Crc.exists(before.crc(i));
      if (turn.matching.of(node).kind().source()) continue;
      // Whoever was not started left it as it was: ours to unlink, if it bears that sig.
      setTarget(node, job, trusted ? Crc.NONE : Crc.UNKNOWN, trusted ? 0 : graph.sig(node));
    }
    for (int i = 0; i < after.size(); i++) {
      int node = after.node(i);
      int was = before.find(node);
      long crcBefore = was < 0 ? Crc.NONE : before.crc(was);
      changed |= crcBefore != after.crc(i) || !Crc.known(crcBefore);
      boolean there = after.sig(i) != 0;
      boolean clash = there && clashes(node, job, run);
      setTarget(node, job, trusted ? after.crc(i) : Crc.UNKNOWN, after.sig(i));
      boolean others = (after.flags(i) & TargetFlags.OFFICIAL) == 0 && Crc.exists(after.crc(i));
      graph.setFlag(node, Graph.POLLUTED, clash || others && turn.matching.of(node).kind() == Match.Kind.PLAIN);
      graph.setFlag(node, Graph.BUSY, !trusted);
      if (there || (after.flags(i) & TargetFlags.STATIC) == 0) writtenOver(node, job);
      if (Crc.exists(after.crc(i)) && turn.matching.of(node).kind().source()) found(node);
    }
    for (int node : result.pollutes()) graph.setFlag(node, Graph.POLLUTED, true);
    // A run worth nothing leaves the old list, so that the next one knows what to wash.
    if (trusted || after.size() > 0) graph.setTargets(job, trusted ? after : merge(before, after));
    return changed;
  }

  /** A job that comes after this one, if at all, to make the file left one while this one ran: what was summed may be either. */
  private boolean clashes(int node, int job, Turn.Running run) {
    int other = graph.writer(node);
    if (other == 0 || other == job || graph.sig(node) == 0) return false;
    boolean meanwhile = other < endedAt.length && endedAt[other] > run.since;
    return meanwhile && turn.matching.goesBefore(job, other, node);
  }

  /**
   * Who was done with a file that was another job's, or nobody's, has it looked at anew: which job makes it, and that it does so
   * again if it is another one.
   */
  private void writtenOver(int node, int job) {
    for (Req req : turn.reqs.values()) {
      int owner = req.conform(node);
      if (req.killed || owner == job || graph.frozen(owner) || owner == 0 && !turn.matching.makes(job, node)) continue;
      if (!req.reached(node, Req.STATUS) || req.has(node, Req.MULTI | Req.ERR)) continue;
      req.setGroup(node, 0);
      req.setReached(node, 0);
      req.clear(node, Req.CHECKED | Req.ABSENT);
      turn.queueNode(req, node);
    }
  }

  /** A job may write a source that was missing: it is no error any more for those who still need it. */
  private void found(int node) {
    for (Req req : turn.reqs.values()) {
      if (req.killed || !req.has(node, Req.ERR)) continue;
      req.setReached(node, 0);
      req.clear(node, Req.CHECKED | Req.ABSENT | Req.ERR);
      turn.queueNode(req, node);
    }
  }

  /** Whether what was seen at the end is what the job left. */
  private static boolean trusted(JobStatus status) {
    return status == JobStatus.OK || status.error() && status != JobStatus.EARLY_ERROR && !status.lost();
  }

  private void setTarget(int node, int job, long crc, long sig) {
    graph.setContent(node, crc, sig);
    graph.setWriter(node, job);
    graph.setFlag(node, Graph.HOT, false);
    graph.setFlag(node, Graph.BUSY, crc == Crc.UNKNOWN);
    if (crc != Crc.UNKNOWN) graph.setFlag(node, Graph.POLLUTED, false);
    if (crc != Crc.NONE) washes.written(node);
  }

  /** Both lists, with unknown contents. */
  private static TargetVector merge(TargetVector a, TargetVector b) {
    List<int[]> entries = new ArrayList<>();
    List<Long> sigs = new ArrayList<>();
    for (int i = 0; i < b.size(); i++) {
      entries.add(new int[] {b.node(i), b.flags(i)});
      sigs.add(b.sig(i));
    }
    for (int i = 0; i < a.size(); i++) {
      if (b.find(a.node(i)) >= 0) continue;
      entries.add(new int[] {a.node(i), a.flags(i)});
      sigs.add(a.sig(i));
    }
    int[] nodes = entries.stream().mapToInt(e -> e[0]).toArray();
    int[] flags = entries.stream().mapToInt(e -> e[1]).toArray();
    return new TargetVector(
        nodes, flags, new long[nodes.length], sigs.stream().mapToLong(Long::longValue).toArray());
  }

  /** Turns the sigs that are those of known contents into these contents. */
  private DepVector resolved(DepVector deps) {
    for (int i = 0; i < deps.size(); i++) {
      int node = deps.node(i);
      if (!deps.has(i, DepVector.SIG) || deps.has(i, DepVector.HOT)) continue;
      if (graph.sig(node) != deps.value(i) || !Crc.known(graph.crc(node)) || graph.has(node, Graph.HOT)) continue;
      deps.resolve(i, graph.crc(node));
    }
    return deps;
  }

  /** What the job was told of its deps matters as much as what it read of them. */
  private DepVector asTold(Turn.Running run, DepVector deps) {
    DepVector marked = deps;
    for (int i = 0; i < deps.size() && !run.told.isEmpty(); i++) {
      int node = deps.node(i);
      Turn.Told told = run.told.get(node);
      if (told == Turn.Told.OK) marked = withCrc(marked, i, run.crcs.get(node));
      boolean wrong = told == Turn.Told.NOTHING || told == Turn.Told.ERROR;
      boolean asked = wrong || told != null && (deps.flags(i) & DepFlags.IGNORE_ERROR) != 0;
      if (!asked) continue;
      int mark = told == Turn.Told.NOTHING ? DepVector.HOT : told == Turn.Told.ERROR ? DepVector.ERROR : 0;
      marked = marked.with(i, marked.bits(i) | Accesses.E | mark, marked.value(i));
    }
    return marked;
  }

  /**
   * What a job makes of a crc it was told is made of that content, whatever stood there when its access was noted: a file that
   * changed meanwhile was seen as two things.
   */
  private DepVector withCrc(DepVector deps, int i, long crc) {
    if (deps.kinds(i) == 0 || deps.has(i, DepVector.HOT) || !Crc.known(crc)) return deps;
    boolean sig = deps.has(i, DepVector.SIG);
    if (sig && graph.sig(deps.node(i)) == deps.value(i)) return deps.with(i, deps.bits(i) & ~DepVector.SIG, crc);
    boolean other = sig || Crc.differs(deps.value(i), crc, deps.kinds(i));
    return other ? deps.with(i, deps.bits(i) | DepVector.HOT, deps.value(i)) : deps;
  }

  private void tell(
      Req req, int job, Turn.Running run, JobState state, JobStatus status, boolean changed, JobResult result) {
    req.executing--;
    state.step = JobState.DEP;
    state.willRun = false;
    state.hasty = false;
    state.asked = RunReason.NONE;
    state.waiting = 0;
    HeldEnd held = new HeldEnd(changed, result.execMs(), result.hasStderr(), result.messages());
    if (req.killed) {
      state.step = JobState.IDLE;
      // Those that had not had their turn are dropped without a word: there may be thousands.
      if (!run.started) return;
      turn.emit(say(req, status == JobStatus.KILLED ? "killed" : "completed", job, result.execMs(), RunReason.NONE));
      return;
    }
    switch (status) {
      case KILLED -> turn.emit(say(req, "killed", job, result.execMs(), RunReason.NONE));
      case LOST, EARLY_LOST -> {
        turn.emit(new Action.SayJob(
            req.id, "lost", job, result.execMs(), status, RunReason.NONE, false, result.messages()));
        state.submits--; // a loss is not the job's fault
      }
      case EARLY_CHK_DEPS -> {
        state.runs--;
        held.early = true;
        req.held.put(job, held);
      }
      default -> {
        state.ran = true;
        req.held.put(job, held);
      }
    }
    turn.queueJob(req, job);
  }

  /** Whether the command asks to try again a job that ended so. An error of a former command counts as the first trial. */
  boolean mayRetry(Req req, int job, JobState state) {
    if (state.retries >= req.options.retries() || !graph.status(job).error()) return false;
    return turn.matching.facts(job).rule().retries(graph.status(job));
  }

  private Action.SayJob say(Req req, String word, int job, int ms, RunReason why) {
    return new Action.SayJob(req.id, word, job, ms, graph.status(job), why, false, List.of());
  }

  // --- interruption

  /** The command is over for the user: what only it wants is killed. */
  void abandon(Req req) {
    for (int job = 0; job < req.jobBound(); job++) {
      JobState state = req.knownJob(job);
      if (state != null && state.behind) leave(req, state);
      if (state == null || state.step != JobState.EXEC) continue;
      Turn.Running run = turn.running.get(job);
      if (wantedElsewhere(req, job)) {
        state.step = JobState.IDLE;
        req.executing--;
        if (run.started) turn.emit(say(req, "continue", job, -1, RunReason.NONE));
      } else if (!run.killing) {
        run.killing = true;
        turn.emit(new Action.Kill(job, run.attempt, false));
      }
    }
  }

  private boolean wantedElsewhere(Req req, int job) {
    for (Req other : turn.reqs.values()) {
      JobState state = other.knownJob(job);
      if (other != req && !other.killed && state != null && state.step == JobState.EXEC) return true;
    }
    return false;
  }
}

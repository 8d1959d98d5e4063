package lmake.engine;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import lmake.base.Crc;
import lmake.engine.Action.Need;
import lmake.engine.Req.HeldEnd;
import lmake.engine.Req.JobState;
import lmake.engine.Req.Verdict;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;
import lmake.graph.RunReason.Kind;
import lmake.graph.TargetFlags;
import lmake.graph.TargetVector;
import lmake.rules.Rule;

/**
 * Decides, each time something a job waits for is settled, whether the job must run, may rest, or cannot be made. The same
 * analysis serves before and after an execution; only the reasons differ.
 */
final class JobMaker {
  private final Turn turn;
  private final Graph graph;
  private final NodeMaker nodes;
  private final JobRuns runs;
  private final Needs needs;

  JobMaker(Turn turn, NodeMaker nodes, JobRuns runs, Asks asks) {
    this.turn = turn;
    this.graph = turn.graph;
    this.nodes = nodes;
    this.runs = runs;
    this.needs = new Needs(turn, this, asks);
  }

  /** What one walk over the deps found. */
  private static final class Walk {
    RunReason why = RunReason.NONE;
    RunReason error = RunReason.NONE;
    int waiting;
    int found; // deps that are awaited, changed or in error
    boolean certain; // a dep was read wrong for sure, whatever the deps still awaited turn out to be
    boolean enough; // what follows is not to be waited for

    // Of the present parallel group:
    RunReason groupError = RunReason.NONE; // of a dep that is not static
    boolean linkChanged; // others may have been found through it

    /** What was named at once with a link, and through it, is met again only if the link is what it was. */
    void endGroup() {
      if (!linkChanged) error = error.or(groupError);
      groupError = RunReason.NONE;
      linkChanged = false;
    }
  }

  /** Goes on with a job; it either waits, is submitted or is done when this returns. */
  void advance(Req req, int job) {
    JobState state = req.job(job);
    state.queued = false;
    if (state.step != JobState.DEP || state.waiting > 0) return;
    if (turn.running.containsKey(job)) {
      runs.join(req, job, state);
      return;
    }
    if (!turn.matching.ruleExists(job)) {
      finish(req, job, state, Verdict.NO_RULE, RunReason.NONE);
      return;
    }
    JobFacts facts = turn.matching.facts(job);
    if (graph.frozen(job)) {
      if (nodes.frozen().settled(req, job, state, facts)) {
        RunReason gone = nodes.frozen().tell(req, facts);
        finish(req, job, state, gone.none() ? Verdict.OK : Verdict.ERROR, gone);
      }
      return;
    }
    Walk walk = walk(req, job, state, facts);
    if (walk.waiting > 0) {
      holdBack(req, job, walk);
      return;
    }
    if (!walk.error.none()) {
      boolean missing = walk.error.kind() == Kind.MISSING_STATIC;
      finish(req, job, state, missing ? Verdict.MISSING_STATIC : Verdict.DEP_ERROR, walk.error);
      return;
    }
    RunReason why = walk.why.or(targetsReason(job));
    // The last of all reasons: an error that anything else explains is no failed attempt.
    if (why.none() && runs.mayRetry(req, job, state) && limit(req, state, facts.rule()) == Verdict.OK) {
      why = new RunReason(Kind.RETRY, 0);
    }
    if (why.none()) {
      boolean error = graph.status(job).error();
      finish(req, job, state, error ? Verdict.ERROR : Verdict.OK, RunReason.NONE);
      return;
    }
    decideRun(req, job, state, facts.rule(), why);
  }

  private void decideRun(Req req, int job, JobState state, Rule rule, RunReason why) {
    Verdict limit = limit(req, state, rule);
    if (limit != Verdict.OK) {
      finish(req, job, state, limit, why);
    } else if (!state.willRun) {
      // Now that it must run, its deps are wanted on disk: look at them once more.
      state.willRun = true;
      turn.queueJob(req, job);
    } else if (!runs.queuesBehind(req, job, state)) {
      HeldEnd held = req.held.remove(job);
      if (held != null && why.kind() == Kind.RETRY) {
        // Whoever prints it must know that the stderr of this run is not the last word.
        sayEnd(req, job, held.told ? "was_failed" : "failed", held, why, List.of(), needs.of(req, job));
      } else if (held != null && !held.told && !held.early) {
        sayEnd(req, job, "rerun", held, why, List.of(), Need.CERTAIN);
      }
      runs.submit(req, job, state, why);
    }
  }

  private Verdict limit(Req req, JobState state, Rule rule) {
    int maxRuns = least(rule.maxRuns(), req.options.maxRuns());
    int maxSubmits = least(rule.maxSubmits(), req.options.maxSubmits());
    if (maxRuns > 0 && state.runs >= maxRuns) return Verdict.RUN_LOOP;
    if (maxSubmits > 0 && state.submits >= maxSubmits) return Verdict.SUBMIT_LOOP;
    return Verdict.OK;
  }

  /** The smaller of two limits of which 0 means none. */
  private static int least(int a, int b) {
    if (a == 0) return b;
    return b == 0 ? a : Math.min(a, b);
  }

  // --- reasons

  /** A reason to run the job that its deps have no part in. */
  RunReason ownReason(Req req, int job) {
    return ownReason(req, job, req.job(job), turn.matching.facts(job).rule());
  }

  private RunReason ownReason(Req req, int job, JobState state, Rule rule) {
    JobStatus status = graph.status(job);
    RunReason why = state.asked;
    if (rule.force() && !state.ran) why = why.or(new RunReason(Kind.FORCED, 0));
    if (status.mustRun()) why = why.or(new RunReason(ofStatus(status), 0));
    if (status == JobStatus.NEW) return why;
    if (graph.cmdCrc(job) != rule.cmdCrc()) why = why.or(new RunReason(Kind.CMD_CHANGED, 0));
    if (status.error()) {
      if (graph.rsrcCrc(job) != rule.rsrcCrc()) why = why.or(new RunReason(Kind.RESOURCES_CHANGED, 0));
      if (req.options.forgetOldErrors() && !state.ran) why = why.or(new RunReason(Kind.OLD_ERROR, 0));
    }
    if (req.options.noIncremental() && !state.ran && incremental(job)) why = why.or(new RunReason(Kind.INCREMENTAL, 0));
    return why;
  }

  private static Kind ofStatus(JobStatus status) {
    return switch (status) {
      case LOST, EARLY_LOST -> Kind.LOST;
      case EARLY_CHK_DEPS -> Kind.EARLY_DEPS;
      case CHK_DEPS -> Kind.CHK_DEPS;
      case BAD_TARGET -> Kind.TARGET_PREEXISTED;
      case RUNNING, KILLED -> Kind.KILLED;
      default -> Kind.NEVER_RUN;
    };
  }

  private boolean incremental(int job) {
    TargetVector targets = graph.targets(job);
    for (int i = 0; i < targets.size(); i++) if ((targets.flags(i) & TargetFlags.INCREMENTAL) != 0) return true;
    return false;
  }

  /** Targets must be as the job left them, as far as is known without looking at the disk. */
  private RunReason targetsReason(int job) {
    if (graph.status(job).error()) return RunReason.NONE; // a result that stands, whatever it left
    TargetVector targets = graph.targets(job);
    RunReason why = RunReason.NONE;
    for (int i = 0; i < targets.size(); i++) {
      int node = targets.node(i);
      if ((targets.flags(i) & TargetFlags.OFFICIAL) == 0 || !Crc.exists(targets.crc(i))) continue;
      if (turn.matching.of(node).kind().source()) continue;
      if (graph.has(node, Graph.BUSY)) why = why.or(new RunReason(Kind.TARGET_BUSY, node));
      else if (graph.has(node, Graph.POLLUTED) || graph.writer(node) != job) {
        why = why.or(new RunReason(Kind.TARGET_POLLUTED, node));
      }
    }
    return why;
  }

  // --- deps

  private Walk walk(Req req, int job, JobState state, JobFacts facts) {
    Walk walk = new Walk();
    walk.why = ownReason(req, job, state, facts.rule());
    if (!walk.why.none()) state.willRun = true;
    JobStatus status = graph.status(job);
    DepVector deps = depsToWalk(job);
    boolean skip = req.options.noDeps() && status != JobStatus.NEW;
    RunReason groupWhy = walk.why; // what was found before the present parallel group
    boolean critical = false; // a dep that the following ones hang on is not what it was
    for (int i = 0; i < deps.size() && !skip && !walk.enough; i++) {
      if (!deps.has(i, DepVector.PARALLEL)) {
        walk.endGroup();
        if (critical) break;
        groupWhy = walk.why;
      }
      int found = walk.found;
      walkDep(req, job, state, deps, i, groupWhy, walk);
      critical |= (deps.flags(i) & DepFlags.CRITICAL) != 0 && walk.found != found;
    }
    walk.endGroup();
    return walk;
  }

  private void walkDep(Req req, int job, JobState state, DepVector deps, int i, RunReason before, Walk walk) {
    int flags = deps.flags(i);
    int node = deps.node(i);
    if (deps.kinds(i) == 0 && (flags & (DepFlags.REQUIRED | DepFlags.STATIC)) == 0) return;
    boolean onDisk = state.willRun || !before.none() || req.options.archive() || seenDangling(deps, i, node);
    int goal = onDisk ? Req.DISK : Req.STATUS;
    if (turn.matching.belowOwnTarget(job, node)) {
      // No more than for its targets does the job wait for its own dir to be made: it found nothing there.
      if ((flags & DepFlags.REQUIRED) != 0 && leadsOn(before)) {
        walk.found++;
        Kind missing = (flags & DepFlags.STATIC) != 0 ? Kind.MISSING_STATIC : Kind.DEP_MISSING;
        walk.error = walk.error.or(new RunReason(missing, node));
      }
      return;
    }
    nodes.openDirs(req, job, node);
    // Advanced at once: most are settled already, which saves a trip through the work queue.
    if (req.want(node, goal, state.target)) nodes.advance(req, node);
    if (!req.reached(node, goal)) {
      walk.found++;
      walk.enough = state.hasty; // what follows may give no reason to run before this one
      // Neither a reason to run nor an error can be undone by what follows, but that a static dep is missing comes before all.
      boolean decided = !walk.why.none() && !asksAgain(walk.why) || !walk.error.none() || !walk.groupError.none();
      boolean statik = (flags & DepFlags.STATIC) != 0;
      if (!walk.enough || !decided || statik) await(req, job, state, node, goal, walk);
      return;
    }
    if (req.has(node, Req.TRANSIENT) && (flags & DepFlags.STATIC) == 0) {
      walk.found++;
      // With the link there, the run meets the real name.
      walk.why = walk.why.or(new RunReason(Kind.DEP_TRANSIENT, node));
      walk.certain = true;
      return;
    }
    RunReason error = depError(req, node, flags);
    if (!error.none()) {
      walk.found++;
      // What comes after something to redo may vanish when it is redone; a static dep cannot.
      if ((flags & DepFlags.STATIC) != 0) walk.error = walk.error.or(error);
      else if (leadsOn(before)) walk.groupError = walk.groupError.or(error);
      return;
    }
    if (deps.kinds(i) == 0) return;
    // What only says how the job is run has no say in a result that is right.
    if ((flags & DepFlags.FULL) == 0 && graph.status(job) == JobStatus.OK) return;
    if (req.options.essentialDeps() && (flags & DepFlags.ESSENTIAL) == 0 && graph.status(job) != JobStatus.NEW) return;
    if (graph.has(node, Graph.NO_TRIGGER) && !state.ran && graph.status(job) == JobStatus.OK) {
      // A run of this very command is not yet a result to hold on to: it may have read the file before it was made.
      Walk ignored = new Walk();
      compare(req, job, state, deps, i, ignored);
      walk.waiting += ignored.waiting;
      walk.found += ignored.found;
      if (!ignored.why.none()) req.ignored.add(node);
      return;
    }
    compare(req, job, state, deps, i, walk);
  }

  /** True when the job would only ask again whether its deps are right, and learn nothing: any change is told before these. */
  private static boolean asksAgain(RunReason why) {
    return why.kind() == Kind.CHK_DEPS || why.kind() == Kind.EARLY_DEPS;
  }

  /**
   * True when what comes next will be met again: nothing has changed before. What attributes read is all there is of a job not
   * started for it, and one that gave up over its deps reads the same again.
   */
  static boolean leadsOn(RunReason before) {
    return before.none() || asksAgain(before);
  }

  /**
   * Jobs that wait for each other may do so only because of what they read in former times. One that has a reason to run before
   * the dep it waits for needs not wait: it may never meet that dep again. False when this was tried already.
   */
  boolean hasten(Req req, int job) {
    JobState state = req.job(job);
    if (state.hasty || state.step != JobState.DEP) return false;
    state.hasty = true;
    req.unwatchAll(job);
    state.waiting = 0;
    turn.queueJob(req, job);
    return true;
  }

  DepVector depsToWalk(int job) {
    boolean fresh = graph.status(job) == JobStatus.NEW && graph.deps(job).size() == 0;
    return fresh ? turn.matching.facts(job).staticDeps() : graph.deps(job);
  }

  private void await(Req req, int job, JobState state, int node, int goal, Walk walk) {
    state.waiting++;
    walk.waiting++;
    req.watchNode(node, job, goal);
  }

  /** A job that read a file nobody makes was in error for it; whether the file is still there is for the disk to say. */
  private boolean seenDangling(DepVector deps, int i, int node) {
    boolean seenThere = deps.has(i, DepVector.SIG) || Crc.exists(deps.value(i));
    if (!seenThere) return false;
    Match match = turn.matching.of(node);
    return match.buildable() == Match.Buildable.NO;
  }

  RunReason depError(Req req, int node, int flags) {
    if (req.has(node, Req.OVERWRITTEN)) return new RunReason(Kind.DEP_OVERWRITTEN, node);
    if ((flags & DepFlags.IGNORE_ERROR) == 0) {
      if (req.has(node, Req.DANGLING)) return new RunReason(Kind.DEP_DANGLING, node);
      if (req.has(node, Req.ERR)) return new RunReason(Kind.DEP_ERROR, node);
    }
    if (req.has(node, Req.ABSENT)) {
      if ((flags & DepFlags.STATIC) != 0) return new RunReason(Kind.MISSING_STATIC, node);
      if ((flags & DepFlags.REQUIRED) != 0) return new RunReason(Kind.DEP_MISSING, node);
    }
    return RunReason.NONE;
  }

  private void compare(Req req, int job, JobState state, DepVector deps, int i, Walk walk) {
    int node = deps.node(i);
    long now = req.has(node, Req.ABSENT) && !req.has(node, Req.DANGLING) ? Crc.NONE : graph.crc(node);
    boolean inError = req.has(node, Req.ERR); // the job takes it as it is
    if (deps.has(i, DepVector.HOT)) {
      unstable(walk, deps, i);
      // The next run would be told the same again, did nobody look what the file has become.
      boolean moved = deps.has(i, DepVector.SIG) && graph.sig(node) != deps.value(i);
      if ((moved || sourceGone(state, deps, i)) && !inError && lookAgain(req, job, node)) await(req, job, state, node, Req.DISK, walk);
      return;
    }
    if (deps.has(i, DepVector.SIG)) {
      // A product that is hot may be torn since it was made; a source was read for this very command.
      boolean doubtful = graph.has(node, Graph.HOT) && !req.has(node, Req.CHECKED);
      if (graph.sig(node) == deps.value(i) && now == graph.crc(node) && Crc.known(now) && !doubtful) {
        deps.resolve(i, now);
        graph.touchJob(job);
      } else if (!inError && lookAgain(req, job, node)) {
        walk.found++;
        walk.enough = state.hasty;
        await(req, job, state, node, Req.DISK, walk);
        return;
      } else if (!inError) {
        unstable(walk, deps, i);
        return;
      }
    }
    // Nobody vouches for the file of a job in error: what cannot be told is no reason to run again, and again.
    boolean told = !inError || Crc.known(now) && !deps.has(i, DepVector.SIG);
    if (told && Crc.differs(deps.value(i), now, deps.kinds(i))) {
      // It may be as the job saw it: nobody has looked at it since it was in error, or since the job read it.
      boolean old = inError && req.conform(node) != 0 || sourceGone(state, deps, i);
      if (old && lookAgain(req, job, node)) {
        walk.found++;
        walk.enough = state.hasty;
        await(req, job, state, node, Req.DISK, walk);
        return;
      }
      walk.linkChanged |= Crc.isLink(deps.value(i));
      differs(walk, Kind.DEP_CHANGED, node, true);
    }
    if ((deps.kinds(i) & lmake.graph.Accesses.E) != 0 && inError != deps.has(i, DepVector.ERROR)) {
      differs(walk, Kind.DEP_CHANGED, node, false);
    }
  }

  /** A source that was there when the command looked at it, and was not when the job did. */
  private boolean sourceGone(JobState state, DepVector deps, int i) {
    return state.ran && deps.value(i) == Crc.NONE && turn.matching.of(deps.node(i)).kind().source();
  }

  /** What was read cannot be told. It may have been a link. */
  private static void unstable(Walk walk, DepVector deps, int i) {
    walk.linkChanged |= (deps.kinds(i) & lmake.graph.Accesses.L) != 0;
    differs(walk, Kind.DEP_UNSTABLE, deps.node(i), true);
  }

  private static void differs(Walk walk, Kind kind, int node, boolean certain) {
    walk.why = walk.why.or(new RunReason(kind, node));
    walk.certain |= certain;
    walk.found++;
  }

  /** What the job read is not what the disk held when it was checked: once per run, the disk is asked again. */
  private boolean lookAgain(Req req, int job, int node) {
    long attempt = runs.lastAttempt(job);
    Long last = req.rechecked.get(node);
    if (last != null && last >= attempt) return false;
    req.rechecked.put(node, attempt);
    nodes.recheck(req, node);
    return true;
  }

  // --- ends

  /**
   * The end of a run means nothing yet. Most often all that is awaited are looks at the disk: the line waits until it is known
   * that something must run first ({@link #tellHeld}).
   */
  private void holdBack(Req req, int job, Walk walk) {
    HeldEnd held = req.held.get(job);
    if (held == null || held.told) return;
    held.certain = walk.certain;
    held.why = walk.why;
    req.untold.add(job);
  }

  /** Says may_rerun, or rerun, for the ends that wait for other jobs. */
  void tellHeld(Req req) {
    for (Iterator<Integer> it = req.untold.iterator(); it.hasNext(); ) {
      int job = it.next();
      HeldEnd held = req.held.get(job);
      if (held == null || held.told || req.job(job).waiting == 0) {
        it.remove();
      } else if (awaitsJob(req, job)) {
        String word = held.early ? "early_rerun" : held.certain ? "rerun" : "may_rerun";
        sayEnd(req, job, word, held, held.why, List.of(), Need.CERTAIN);
        held.told = true;
        it.remove();
      }
    }
  }

  /** False when all that is awaited are sources: a look at the disk settles them. */
  private boolean awaitsJob(Req req, int job) {
    DepVector deps = graph.deps(job);
    for (int i = 0; i < deps.size(); i++) {
      int node = deps.node(i);
      if (req.goal(node) == 0 || req.reached(node, req.goal(node))) continue;
      if (turn.matching.of(node).kind() == Match.Kind.PLAIN || awaitsDir(req, node)) return true;
    }
    return false;
  }

  /** Whether the node waits for a job that makes one of its dirs. */
  private boolean awaitsDir(Req req, int node) {
    int dir = turn.matching.uphill(node);
    if (dir == 0 || req.reached(dir, req.goal(node))) return false;
    return turn.matching.of(dir).kind() == Match.Kind.PLAIN || awaitsDir(req, dir);
  }

  private void finish(Req req, int job, JobState state, Verdict verdict, RunReason culprit) {
    state.step = JobState.DONE;
    state.verdict = verdict;
    state.culprit = culprit;
    state.asked = RunReason.NONE;
    req.speculated.remove(job);
    HeldEnd held = req.held.remove(job);
    boolean error = verdict != Verdict.OK && verdict != Verdict.MISSING_STATIC && verdict != Verdict.NO_RULE;
    // Asked only when somebody is to be told.
    boolean asks = error && (held != null || !req.speculated.isEmpty());
    Need need = asks ? needs.of(req, job) : Need.CERTAIN;
    // A job that could not be started is only met in the list of errors.
    if (held != null && !(held.early && !held.told)) sayFinal(req, job, verdict, culprit, held, need);
    if (asks && need == Need.CERTAIN) confirm(req, job);
    req.wakeJob(state, node -> turn.queueNode(req, node));
  }

  /** What led to the error of a job that is needed was perhaps told as useless: it is not. */
  void confirm(Req req, int job) {
    needs.confirm(req, job);
  }

  private void sayFinal(Req req, int job, Verdict verdict, RunReason culprit, HeldEnd held, Need need) {
    String word =
        switch (verdict) {
          case OK -> held.changed ? "done" : "steady";
          case ERROR -> graph.status(job).lost() ? "lost_err" : "failed";
          case DEP_ERROR -> "dep_error";
          case MISSING_STATIC -> "missing_static";
          case RUN_LOOP -> "run_loop";
          case SUBMIT_LOOP -> "submit_loop";
          case NO_RULE -> "killed";
        };
    boolean loop = verdict == Verdict.RUN_LOOP || verdict == Verdict.SUBMIT_LOOP;
    List<String> notes = new ArrayList<>();
    if (!culprit.none() && (!loop || culprit.node() != 0)) notes.add(explain(culprit));
    notes.addAll(held.messages);
    Action.SayJob said = sayEnd(req, job, held.told && !loop ? "was_" + word : word, held, culprit, notes, need);
    if (need != Need.CERTAIN) req.speculated.put(job, said);
  }

  private String explain(RunReason why) {
    return why.node() == 0 ? why.kind().text() : why.kind().text() + " : " + graph.name(why.node());
  }

  private Action.SayJob sayEnd(
      Req req, int job, String word, HeldEnd held, RunReason why, List<String> notes, Need need) {
    boolean timed = !word.startsWith("was_") && !word.endsWith("_loop");
    boolean warning = held.hasStderr && graph.status(job) == JobStatus.OK;
    int ms = timed ? held.execMs : -1;
    Action.SayJob said = new Action.SayJob(req.id, word, job, ms, graph.status(job), why, warning, notes, need);
    turn.emit(said);
    return said;
  }
}

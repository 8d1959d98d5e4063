package lmake.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import lmake.base.Bug;
import lmake.base.Crc;
import lmake.engine.Action.Removal;
import lmake.graph.Graph;
import lmake.graph.RunReason;
import lmake.graph.TargetVector;
import lmake.graph.TargetFlags;
import lmake.rules.Candidate;
import lmake.rules.Config;
import lmake.rules.Rule;
import lmake.rules.TargetEntry;

/**
 * Brings a node to the goal a command has for it: checks sources, tries the jobs that could make it by groups of equal
 * priority, cleans up what nobody makes.
 */
final class NodeMaker {
  /** Of a long chain, how much of both ends is told. */
  private static final int END = 10;

  /** How often a command has a file made again since another job wrote over it; that one may have to run more than once. */
  private static final int PATIENCE = 5;

  private final Turn turn;
  private final Graph graph;
  private final Frozen frozen;
  private final Washes washes;

  NodeMaker(Turn turn, Washes washes) {
    this.turn = turn;
    this.washes = washes;
    this.graph = turn.graph;
    this.frozen = new Frozen(turn);
  }

  Frozen frozen() {
    return frozen;
  }

  /** Wants the node at the goal, as {@link Req#want}; it is looked at later in this turn. */
  void need(Req req, int node, int goal, int because) {
    if (req.want(node, goal, because)) turn.queueNode(req, node);
  }

  void advance(Req req, int node) {
    if (req.reached(node, req.goal(node)) || req.has(node, Req.ASKED)) return;
    Match match = turn.matching.of(node);
    tellAside(req, node);
    switch (match.kind()) {
      case SOURCE, IN_SOURCE_DIR -> source(req, node);
      case PLAIN -> {
        if (dirIsDir(req, node)) plain(req, node, match);
      }
      default -> {
        tellEndless(req, node);
        if (dirIsDir(req, node)) absent(req, node);
      }
    }
  }

  /** That the static deps of a target have no end is told at once: it is rarely a rule that lacks. */
  private void tellEndless(Req req, int node) {
    if (!req.has(node, Req.TARGET) || req.has(node, Req.ENDLESS)) return;
    List<Integer> chain = turn.matching.endless(node);
    if (chain.isEmpty()) return;
    req.set(node, Req.ENDLESS);
    int last = chain.get(chain.size() - 1);
    boolean tooLong = turn.matching.of(last).kind() == Match.Kind.TOO_LONG;
    Config config = turn.matching.book().config();
    List<String> notes = new ArrayList<>();
    int most = tooLong ? config.pathMax() : config.maxDepDepth();
    notes.add(tooLong ? "name longer than " + most + " bytes" : "more than " + most + " static deps in a row");
    notes.add("  consider : lmake.config." + (tooLong ? "path_max" : "max_dep_depth"));
    for (int i = chain.size() - 1; i >= 0; i--) {
      if (i < chain.size() - END && i >= END) {
        if (i == END) notes.add("...");
      } else {
        notes.add(makers(chain.get(i)) + " : " + graph.name(chain.get(i)));
      }
    }
    turn.emit(new Action.SayNode(req.id, tooLong ? "infinite_path" : "infinite_dep", node, notes));
  }

  private String makers(int node) {
    List<Candidate> candidates = turn.matching.book().candidates(graph.name(node));
    return candidates.stream().map(one -> one.rule().name()).collect(Collectors.joining(", "));
  }

  /** A rule that cannot say what it depends on leaves the file to others: who asks for it is told, once. */
  private void tellAside(Req req, int node) {
    List<Candidate> aside = turn.matching.aside(node);
    if (aside.isEmpty() || !req.toldAside.add(node)) return;
    for (Candidate candidate : aside) {
      Rule rule = candidate.rule();
      List<String> notes = new ArrayList<>(List.of(rule.name()));
      notes.addAll(rule.whyNoDeps(candidate.stems()));
      String word = rule.raisesForDeps(candidate.stems()) ? "deps_not_avail" : "bad_dep";
      Optional<TargetEntry> misnamed = rule.misnamed(candidate.stems());
      if (misnamed.isPresent()) word = misnamed.get().official() ? "bad_target" : "bad_side_target";
      turn.emit(new Action.SayNode(req.id, word, node, notes));
    }
  }

  /**
   * The job needs the node to say what it makes, and might make a file of one of its dirs, which it has not: nothing is gained by
   * waiting for it to know that the dir is one. True when the node has something to go on with.
   */
  boolean openDirs(Req req, int job, int node) {
    boolean open = req.has(node, Req.DIRS_KNOWN) || req.reached(node, Req.DISK);
    if (open || !turn.matching.belowPossibleTarget(job, node) || turn.matching.belowOwnTarget(job, node)) return false;
    req.set(node, Req.DIRS_KNOWN);
    if (req.goal(node) == 0) return false;
    turn.queueNode(req, node);
    return true;
  }

  /**
   * A dir of the node may itself be a file: it is made first. True when it turned out not to be one, so that the node may
   * exist; else the node waits for it, or is settled.
   */
  private boolean dirIsDir(Req req, int node) {
    int dir = turn.matching.uphill(node);
    if (dir == 0 || req.has(node, Req.DIRS_KNOWN)) return true;
    int goal = req.goal(node);
    if (req.want(dir, goal, node)) advance(req, dir);
    if (!req.reached(dir, goal)) {
      req.watchNode(dir, -node, goal);
      return false;
    }
    boolean link = !req.has(dir, Req.ABSENT) && Crc.isLink(graph.crc(dir));
    if (req.has(dir, Req.ERR)) {
      // A missing source too: it may be a link, and who looks below must not do without in silence.
      req.set(node, Req.ERR);
    } else if (link || req.has(dir, Req.TRANSIENT)) {
      req.set(node, Req.TRANSIENT);
    } else if (req.has(dir, Req.ABSENT) || !Crc.exists(graph.crc(dir))) {
      req.clear(node, Req.TRANSIENT);
      return true;
    }
    req.set(node, Req.ABSENT);
    req.setConform(node, 0);
    finish(req, node, goal);
    return false;
  }

  private void source(Req req, int node) {
    if (req.has(node, Req.CHECKED)) finish(req, node, Req.DISK);
    else turn.check(req, node, graph.sig(node));
  }

  private void plain(Req req, int node, Match match) {
    for (int group = req.group(node); group < match.groups(); group++) {
      req.setGroup(node, group);
      if (match.sureIn(group) > 1) {
        multi(req, node, match, group);
        return;
      }
      if (!groupDone(req, node, match, group)) return;
      int producer = 0;
      for (int i = match.groupStart(group); i < match.groupEnds()[group]; i++) {
        if (!produces(req, match.jobs()[i], node)) continue;
        if (producer != 0) {
          multi(req, node, match, group);
          return;
        }
        producer = match.jobs()[i];
      }
      if (producer != 0) {
        conform(req, node, producer);
        return;
      }
    }
    absent(req, node);
  }

  /** Wants all jobs of the group done; true when they are. */
  private boolean groupDone(Req req, int node, Match match, int group) {
    boolean done = true;
    for (int i = match.groupStart(group); i < match.groupEnds()[group]; i++) {
      int job = match.jobs()[i];
      Req.JobState state = req.job(job);
      if (state.step == Req.JobState.DONE) continue;
      done = false;
      req.watchJob(state, node);
      if (state.step == Req.JobState.IDLE) {
        state.step = Req.JobState.DEP;
        state.target = node;
        turn.queueJob(req, job);
      }
    }
    return done;
  }

  /** Whether a job that is done made the node. One in error is deemed to make all it could. */
  private boolean produces(Req req, int job, int node) {
    Req.JobState state = req.job(job);
    if (state.verdict == Req.Verdict.MISSING_STATIC || state.verdict == Req.Verdict.NO_RULE) return false;
    if (state.verdict != Req.Verdict.OK) return true;
    TargetVector targets = graph.targets(job);
    int i = targets.find(node);
    if (i >= 0 && Crc.exists(targets.crc(i)) && (targets.flags(i) & TargetFlags.OFFICIAL) != 0) return true;
    JobFacts facts = turn.matching.facts(job);
    return facts.rule()
        .targetFor(facts.stems(), graph.name(node))
        .filter(entry -> (entry.flags() & TargetFlags.PHONY) != 0 && (entry.flags() & TargetFlags.OFFICIAL) != 0)
        .isPresent();
  }

  private void multi(Req req, int node, Match match, int group) {
    req.set(node, Req.ERR | Req.MULTI);
    List<String> rules = new java.util.ArrayList<>();
    for (int i = match.groupStart(group); i < match.groupEnds()[group]; i++) {
      rules.add(turn.matching.facts(match.jobs()[i]).rule().name());
    }
    turn.emit(new Action.SayNode(req.id, "multi", node, rules));
    finish(req, node, Req.DISK);
  }

  private void conform(Req req, int node, int job) {
    Req.JobState state = req.job(job);
    req.setConform(node, job);
    if (state.verdict != Req.Verdict.OK) {
      req.set(node, Req.ERR);
      if (req.has(node, Req.RECHECK) && !req.has(node, Req.CHECKED)) turn.check(req, node, graph.sig(node));
      else finish(req, node, Req.DISK);
    } else if (takenAway(node, job) && patient(req, node)) {
      redo(req, node, job, new RunReason(RunReason.Kind.TARGET_POLLUTED, node));
      turn.queueNode(req, node);
    } else if (req.goal(node) == Req.STATUS) {
      finish(req, node, Req.STATUS);
    } else if (req.has(node, Req.CHECKED) || (state.ran && !req.has(node, Req.RECHECK))) {
      finish(req, node, Req.DISK);
    } else {
      turn.check(req, node, graph.sig(node));
    }
  }

  /** Another job wrote it, or removed it to start cleanly, since the job that must make it was found up to date. */
  private boolean takenAway(int node, int job) {
    if (graph.writer(node) == job || graph.frozen(job)) return false; // what a user edits in a frozen job stays
    TargetVector targets = graph.targets(job);
    int i = targets.find(node);
    return i >= 0 && Crc.exists(targets.crc(i));
  }

  /** Two jobs might undo each other's files for ever: then it is for the user to be told. */
  private boolean patient(Req req, int node) {
    if (req.restored.merge(node, 1, Integer::sum) <= PATIENCE) return true;
    req.clashes.put(node, graph.writer(node));
    return false;
  }

  private void absent(Req req, int node) {
    req.set(node, Req.ABSENT);
    req.setConform(node, 0);
    if (req.goal(node) == Req.STATUS) finish(req, node, Req.STATUS);
    else if (req.has(node, Req.CHECKED)) finish(req, node, Req.DISK);
    else turn.check(req, node, graph.sig(node));
  }

  private void finish(Req req, int node, int reached) {
    req.clear(node, Req.RECHECK);
    req.setReached(node, reached);
    req.wakeNode(node, reached, who -> wake(req, who));
  }

  private void wake(Req req, int who) {
    if (who < 0) {
      turn.queueNode(req, -who);
      return;
    }
    Req.JobState state = req.job(who);
    Bug.check(state.waiting > 0, "job %d woken without waiting", who);
    if (--state.waiting == 0) turn.queueJob(req, who);
  }

  // --- answers of the disk

  void checked(Req req, Event.NodeChecked answer) {
    int node = answer.node();
    req.set(node, Req.CHECKED);
    // What a job of ours wrote is known from its end, however young it is.
    boolean ours = graph.writer(node) != 0 && graph.sig(node) == answer.sig() && Crc.known(graph.crc(node));
    boolean young = answer.now() - answer.date() < turn.matching.book().config().datePrecisionNs();
    boolean hot = answer.kind().file() && young && !ours;
    Match match = turn.matching.of(node);
    boolean taken = !match.kind().source() && frozen.owns(req, node);
    if (taken) frozen.checked(req, answer, hot);
    if (match.kind().source()) sourceChecked(req, answer, match.kind() == Match.Kind.SOURCE);
    else if (req.has(node, Req.ABSENT)) absentChecked(req, answer);
    else if (req.conform(node) != 0 && !taken) productChecked(req, answer);
    if (match.kind().source()) graph.setFlag(node, Graph.HOT, hot);
    if (graph.has(node, Graph.FROZEN)) req.frozenFiles.add(node);
    turn.queueNode(req, node);
  }

  private void sourceChecked(Req req, Event.NodeChecked answer, boolean mustExist) {
    int node = answer.node();
    long before = graph.crc(node);
    boolean there = answer.kind().file();
    long sig = there ? answer.sig() : 0;
    // A crc that was not asked for is that of the known sig.
    long crc = !there ? Crc.NONE : answer.crc() != Crc.UNKNOWN ? answer.crc() : before;
    boolean changed = before != crc || !Crc.known(crc);
    boolean touched = graph.sig(node) != sig;
    if (changed && answer.date() > req.date && there && graph.writer(node) == 0) req.set(node, Req.OVERWRITTEN);
    graph.setContent(node, crc, sig);
    graph.setFlag(node, Graph.POLLUTED | Graph.BUSY, false);
    if (changed) graph.setWriter(node, 0); // the user's again, had a job written it
    req.clear(node, Req.ABSENT | Req.TRANSIENT);
    if (answer.kind() == Event.FileKind.BEHIND_LINK && !mustExist) {
      req.set(node, Req.ABSENT | Req.TRANSIENT);
    } else if (!there && mustExist) {
      req.set(node, Req.ERR);
      turn.emit(new Action.SayNode(req.id, "missing", node, List.of()));
    } else if (!there) {
      req.set(node, Req.ABSENT);
    } else if (changed || touched) {
      String word = !changed ? "steady" : Crc.exists(before) ? "changed" : "new";
      turn.emit(new Action.SayNode(req.id, word, node, List.of()));
    }
  }

  private void absentChecked(Req req, Event.NodeChecked answer) {
    int node = answer.node();
    if (!answer.kind().file()) {
      forgetContent(node);
    } else if (graph.writer(node) == 0 && orphan(node, answer.date())) {
      req.clear(node, Req.CHECKED);
      turn.remove(req, node, 0);
    } else if (graph.writer(node) == 0) {
      req.set(node, Req.ERR | Req.DANGLING);
      graph.setContent(node, answer.crc() != Crc.UNKNOWN ? answer.crc() : graph.crc(node), answer.sig());
      turn.emit(new Action.SayNode(req.id, "dangling", node, List.of("consider : git add " + graph.name(node))));
    } else {
      req.clear(node, Req.CHECKED);
      turn.remove(req, node, graph.sig(node));
    }
  }

  /** A file that a run may have left whose end was never told. */
  private boolean orphan(int node, long date) {
    return date <= turn.orphansUntil && turn.matching.of(node).jobs().length > 0;
  }

  void removed(Req req, Event.NodeRemoved answer) {
    int node = answer.node();
    req.set(node, Req.CHECKED);
    switch (answer.done()) {
      case UNLINKED -> turn.emit(new Action.SayNode(req.id, "unlink", node, List.of()));
      case UNLINKED_EMPTY -> turn.emit(new Action.SayNode(req.id, "unlinked (empty)", node, List.of()));
      case QUARANTINED -> turn.emit(new Action.SayNode(req.id, "quarantined", node, List.of()));
      case LEFT -> req.set(node, Req.ERR);
      default -> {}
    }
    if (answer.done() != Removal.LEFT) {
      forgetContent(node);
      washes.removed(node);
    }
    turn.queueNode(req, node);
  }

  private void forgetContent(int node) {
    graph.setContent(node, Crc.NONE, 0);
    graph.setWriter(node, 0);
    graph.setFlag(node, Graph.POLLUTED | Graph.BUSY | Graph.HOT, false);
  }

  /** The file of a job that needs not run: it must be on disk as the job left it. */
  private void productChecked(Req req, Event.NodeChecked answer) {
    int node = answer.node();
    int job = req.conform(node);
    boolean there = answer.kind().file();
    long sig = there ? answer.sig() : 0;
    boolean asLeft = sig == graph.sig(node) && !graph.has(node, Graph.HOT);
    if (asLeft && (Crc.known(graph.crc(node)) || !req.has(node, Req.ERR))) return;
    if (req.has(node, Req.ERR)) {
      takeAsIs(node, answer);
      return;
    }
    if (!there && graph.crc(node) == Crc.NONE) {
      graph.setContent(node, Crc.NONE, 0);
      return;
    }
    if (there && Crc.known(graph.crc(node)) && answer.crc() == graph.crc(node)) {
      boolean sigMoved = sig != graph.sig(node);
      graph.setContent(node, answer.crc(), sig);
      graph.setFlag(node, Graph.HOT, false);
      if (sigMoved) turn.emit(new Action.SayNode(req.id, "manual_steady", node, List.of()));
      return;
    }
    redo(req, node, job, new RunReason(there ? RunReason.Kind.TARGET_MANUAL : RunReason.Kind.TARGET_MISSING, node));
  }

  /** Nobody makes anew the file of a job in error: what stands there is what those who do without it find. */
  private void takeAsIs(int node, Event.NodeChecked answer) {
    boolean there = answer.kind().file();
    long crc = !there ? Crc.NONE : answer.crc();
    boolean asLeft = !Crc.known(graph.crc(node)) && there && answer.sig() == graph.sig(node);
    // No longer what the job left: it is to run once it is right.
    if (crc != graph.crc(node) && !asLeft) graph.setWriter(node, 0);
    graph.setContent(node, crc, there ? answer.sig() : 0);
    graph.setFlag(node, Graph.HOT, false);
  }

  private void redo(Req req, int node, int job, RunReason why) {
    Req.JobState state = req.job(job);
    state.asked = state.asked.or(why);
    if (state.step == Req.JobState.DONE) {
      state.step = Req.JobState.DEP;
      turn.queueJob(req, job);
    }
    // Once the job ran again, the file is new: neither this look nor the choice of the job holds.
    req.clear(node, Req.CHECKED | Req.RECHECK);
  }

  /** What was read of this node is not what is known of it: look again, whatever was found before. */
  void recheck(Req req, int node) {
    req.clear(node, Req.CHECKED);
    req.set(node, Req.RECHECK);
    req.setReached(node, 0);
    req.want(node, Req.DISK, node);
    turn.queueNode(req, node);
  }
}

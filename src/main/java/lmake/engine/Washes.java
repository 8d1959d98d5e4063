package lmake.engine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import lmake.base.Crc;
import lmake.engine.Action.Wash;
import lmake.engine.Action.WashKind;
import lmake.graph.Graph;
import lmake.graph.TargetFlags;
import lmake.graph.TargetVector;
import lmake.rules.TargetEntry;

/**
 * What goes before a job runs: its former targets, files of other jobs that stand where its own must go (a file where it needs
 * a dir, files below what is to be a file), and the dirs this leaves empty. A build from nothing would find none of them.
 *
 * <p>A dir is not removed while a job runs that may just have made it: it is kept in mind until nothing runs.
 */
final class Washes {
  private final Turn turn;
  private final Graph graph;

  /** Dirs that lost a file since they were last looked at. */
  private final Set<Integer> pending = new LinkedHashSet<>();

  Washes(Turn turn) {
    this.turn = turn;
    this.graph = turn.graph;
  }

  /**
   * What to do before a run of the job.
   *
   * @param obstacles gets the files of other jobs that go; nothing is known to be there once the job ran
   */
  List<Wash> of(Req req, JobFacts facts, Collection<Integer> obstacles) {
    TargetVector targets = graph.targets(facts.job());
    for (int node : facts.staticTargets()) findObstacles(node, obstacles);
    List<Wash> washes = new ArrayList<>();
    for (int node : obstacles) washes.add(new Wash(WashKind.WASH, node, graph.sig(node), graph.writer(node)));
    Set<Integer> emptied = new LinkedHashSet<>(obstacles);
    for (int i = 0; i < targets.size(); i++) {
      wash(req, facts, targets.node(i), targets.flags(i), washes);
      if ((targets.flags(i) & (TargetFlags.STATIC | TargetFlags.INCREMENTAL)) == 0) emptied.add(targets.node(i));
    }
    for (int node : facts.staticTargets()) {
      if (targets.find(node) >= 0) continue;
      int flags = facts.rule().targetFor(facts.stems(), graph.name(node)).map(TargetEntry::flags).orElse(0);
      wash(req, facts, node, flags, washes);
    }
    if (!emptied.isEmpty()) removeDirs(facts, emptied, washes);
    return washes;
  }

  private void wash(Req req, JobFacts facts, int node, int flags, List<Wash> washes) {
    if (turn.matching.of(node).kind().source()) return;
    boolean asLeft = !graph.has(node, Graph.HOT); // no power cut may have torn it since
    // Nor did another job put its own into it.
    asLeft &= !graph.has(node, Graph.POLLUTED) || (flags & TargetFlags.OFFICIAL) == 0;
    if ((flags & TargetFlags.INCREMENTAL) != 0 && !req.options.noIncremental() && asLeft) {
      washes.add(new Wash(WashKind.UNIQUIFY, node, oursOrNone(graph, node), 0));
    } else if (graph.has(node, Graph.POLLUTED) && (flags & TargetFlags.NO_WARNING) == 0) {
      washes.add(new Wash(WashKind.UNLINK, node, graph.sig(node), graph.writer(node)));
    } else {
      boolean told = graph.writer(node) != facts.job() && (flags & TargetFlags.NO_WARNING) == 0;
      int other = told ? graph.writer(node) : 0;
      washes.add(new Wash(WashKind.WASH, node, oursOrNone(graph, node), other));
    }
  }

  /** The sig under which the file may be unlinked: what no job wrote is the user's, and goes to quarantine. */
  static long oursOrNone(Graph graph, int node) {
    return graph.writer(node) == 0 ? 0 : graph.sig(node);
  }

  // --- what stands in the way

  private void findObstacles(int target, Collection<Integer> obstacles) {
    for (int dir = graph.parent(target); dir != 0; dir = graph.parent(dir)) if (left(dir)) obstacles.add(dir);
    if (!graph.has(target, Graph.HOLDS)) return;
    // Rare: what was a dir with files of ours is to be a file. All names are gone through, 1 ms a million.
    for (int node = 1; node <= graph.nodeCount(); node++) {
      if (left(node) && graph.name(node).startsWith(graph.name(target) + "/")) obstacles.add(node);
    }
  }

  /** Whether a job left a file there, as far as is known. */
  private boolean left(int node) {
    return graph.writer(node) != 0 && graph.crc(node) != Crc.NONE && !turn.matching.of(node).kind().source();
  }

  /** The run is over and all that was to go is gone. */
  void gone(Collection<Integer> obstacles) {
    for (int node : obstacles) {
      graph.setContent(node, Crc.NONE, 0);
      graph.setWriter(node, 0);
      graph.setFlag(node, Graph.POLLUTED | Graph.BUSY | Graph.HOT, false);
    }
  }

  /** A job wrote this file: its dirs hold something. */
  void written(int node) {
    for (int dir = graph.parent(node); dir != 0 && !graph.has(dir, Graph.HOLDS); dir = graph.parent(dir)) {
      graph.setFlag(dir, Graph.HOLDS, true);
    }
  }

  // --- dirs left empty

  private void removeDirs(JobFacts facts, Set<Integer> emptied, List<Wash> washes) {
    Set<Integer> kept = new HashSet<>();
    for (String name : facts.rule().dirs(facts.stems())) {
      for (int dir = graph.node(name); dir != 0; dir = graph.parent(dir)) kept.add(dir);
    }
    Set<Integer> going = new LinkedHashSet<>();
    for (int node : emptied) {
      for (int dir = graph.parent(node); mayGo(dir) && !kept.contains(dir); dir = graph.parent(dir)) {
        if (usedByOthers(facts.job(), dir)) {
          pending.add(dir);
          break;
        }
        if (!going.add(dir)) break;
      }
    }
    for (int dir : deepestFirst(going)) washes.add(new Wash(WashKind.RMDIR, dir, 0, 0));
  }

  /** Dirs of sources are the user's. */
  private boolean mayGo(int dir) {
    if (dir == 0) return false;
    Match.Kind kind = turn.matching.of(dir).kind();
    return !kind.source() && kind != Match.Kind.LEADS_TO_SOURCE && kind != Match.Kind.EXTERNAL;
  }

  private boolean usedByOthers(int job, int dir) {
    String name = graph.name(dir);
    for (int other : turn.running.keySet()) {
      if (other == job || !turn.matching.ruleExists(other)) continue;
      JobFacts facts = turn.matching.facts(other);
      if (facts.rule().mayWriteBelow(name, facts.stems())) return true;
    }
    return false;
  }

  private List<Integer> deepestFirst(Collection<Integer> dirs) {
    List<Integer> sorted = new ArrayList<>(dirs);
    sorted.sort(Comparator.comparingInt((Integer dir) -> graph.name(dir).length()).reversed());
    return sorted;
  }

  /** A file of ours was taken away. */
  void removed(int node) {
    if (mayGo(graph.parent(node))) pending.add(graph.parent(node));
  }

  /** If nothing runs, dirs that lost a file go, if they are empty. */
  void tidy() {
    if (pending.isEmpty() || !turn.running.isEmpty()) return;
    Set<Integer> dirs = new LinkedHashSet<>();
    for (int start : pending) {
      for (int dir = start; mayGo(dir) && dirs.add(dir); dir = graph.parent(dir)) {}
    }
    pending.clear();
    turn.emit(new Action.Tidy(deepestFirst(dirs)));
  }
}

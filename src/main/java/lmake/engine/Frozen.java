package lmake.engine;

import java.util.ArrayList;
import java.util.List;
import lmake.base.Bug;
import lmake.base.Crc;
import lmake.engine.Req.JobState;
import lmake.graph.Graph;
import lmake.graph.RunReason;
import lmake.graph.TargetFlags;
import lmake.graph.TargetVector;
import lmake.rules.TargetEntry;

/**
 * Jobs that the user froze: never run, their targets are looked at once per command and taken as they are, as sources
 * would be. Changes contents and targets in the graph, starts nothing.
 */
final class Frozen {
  private final Turn turn;
  private final Graph graph;

  Frozen(Turn turn) {
    this.turn = turn;
    this.graph = turn.graph;
  }

  /** True once all targets of the job were looked at for this command; else the job now waits for that. */
  boolean settled(Req req, int job, JobState state, JobFacts facts) {
    TargetVector targets = targets(facts);
    for (int i = 0; i < targets.size(); i++) {
      int node = targets.node(i);
      if (!taken(targets, i) || req.has(node, Req.CHECKED)) continue;
      req.frozenLooks.computeIfAbsent(node, n -> new ArrayList<>(1)).add(job);
      state.waiting++;
      if (!req.has(node, Req.ASKED)) turn.check(req, node, graph.sig(node));
    }
    return state.waiting == 0;
  }

  /** True when what is on disk at this node is to be taken as it is. */
  boolean owns(Req req, int node) {
    return req.frozenLooks.containsKey(node) || req.conform(node) != 0 && graph.frozen(req.conform(node));
  }

  /** Takes what is on disk; wakes the jobs that waited to know. */
  void checked(Req req, Event.NodeChecked answer, boolean hot) {
    int node = answer.node();
    boolean there = answer.kind().file();
    long before = graph.crc(node);
    long crc = !there ? Crc.NONE : answer.crc() != Crc.UNKNOWN ? answer.crc() : before;
    boolean changed = crc != before || !Crc.known(crc);
    if (changed && there && answer.date() > req.date) req.set(node, Req.OVERWRITTEN);
    graph.setContent(node, crc, there ? answer.sig() : 0);
    graph.setFlag(node, Graph.POLLUTED | Graph.BUSY, false);
    graph.setFlag(node, Graph.HOT, hot);
    if (changed) graph.setWriter(node, 0); // the user's: no job may unlink it
    List<Integer> waiting = req.frozenLooks.remove(node);
    if (waiting == null) return;
    for (int job : waiting) {
      JobState state = req.job(job);
      Bug.check(state.waiting > 0, "job %d woken without waiting", job);
      if (--state.waiting == 0) turn.queueJob(req, job);
    }
  }

  /** Says what became of the job's targets, all looked at; gives the reason why it is in error, if it is. */
  RunReason tell(Req req, JobFacts facts) {
    int job = facts.job();
    TargetVector known = targets(facts);
    TargetVector now = now(known);
    String word = "frozen";
    RunReason gone = RunReason.NONE;
    for (int i = 0; i < known.size(); i++) {
      if (!taken(known, i)) continue;
      boolean changed = known.crc(i) != now.crc(i);
      if (changed && Crc.exists(known.crc(i))) word = "changed_frozen";
      else if (changed && !word.equals("changed_frozen")) word = "new_frozen";
      else if (known.sig(i) != now.sig(i) && word.equals("frozen")) word = "steady_frozen";
      if (now.crc(i) == Crc.NONE && mustExist(known.flags(i)) && gone.none()) {
        gone = new RunReason(RunReason.Kind.TARGET_MISSING, known.node(i));
      }
    }
    graph.setTargets(job, now);
    req.frozenJobs.add(job);
    List<String> notes = new ArrayList<>();
    if (!gone.none()) {
      word = "failed_frozen";
      notes.add("frozen target does not exist : " + graph.name(gone.node()));
    }
    turn.emit(new Action.SayJob(req.id, word, job, -1, graph.status(job), RunReason.NONE, false, notes));
    return gone;
  }

  private static boolean mustExist(int flags) {
    return (flags & TargetFlags.STATIC) != 0 && (flags & (TargetFlags.OPTIONAL | TargetFlags.PHONY)) == 0;
  }

  /** Side targets and what the job should not have written are nobody's sources. */
  private boolean taken(TargetVector targets, int i) {
    return (targets.flags(i) & TargetFlags.OFFICIAL) != 0 && !turn.matching.of(targets.node(i)).kind().source();
  }

  private static int standing(int flags, long crc) {
    return crc == Crc.NONE ? flags | TargetFlags.UNLINKED : flags & ~TargetFlags.UNLINKED;
  }

  private TargetVector now(TargetVector known) {
    int size = known.size();
    int[] nodes = new int[size];
    int[] flags = new int[size];
    long[] crcs = new long[size];
    long[] sigs = new long[size];
    for (int i = 0; i < size; i++) {
      boolean taken = taken(known, i);
      nodes[i] = known.node(i);
      flags[i] = taken ? standing(known.flags(i), graph.crc(nodes[i])) : known.flags(i);
      crcs[i] = taken ? graph.crc(nodes[i]) : known.crc(i);
      sigs[i] = taken ? graph.sig(nodes[i]) : known.sig(i);
    }
    return new TargetVector(nodes, flags, crcs, sigs);
  }

  /** Those of the last run, and the static ones of a job that never ran. */
  private TargetVector targets(JobFacts facts) {
    TargetVector last = graph.targets(facts.job());
    List<Integer> more = new ArrayList<>();
    for (int node : facts.staticTargets()) if (last.find(node) < 0) more.add(node);
    if (more.isEmpty()) return last;
    int size = last.size() + more.size();
    int[] nodes = new int[size];
    int[] flags = new int[size];
    long[] crcs = new long[size];
    long[] sigs = new long[size];
    for (int i = 0; i < size; i++) {
      boolean old = i < last.size();
      nodes[i] = old ? last.node(i) : more.get(i - last.size());
      flags[i] = old ? last.flags(i) : flags(facts, nodes[i]);
      crcs[i] = old ? last.crc(i) : Crc.NONE;
      sigs[i] = old ? last.sig(i) : 0;
    }
    return new TargetVector(nodes, flags, crcs, sigs);
  }

  private int flags(JobFacts facts, int node) {
    return facts.rule().targetFor(facts.stems(), graph.name(node)).map(TargetEntry::flags).orElse(0);
  }
}

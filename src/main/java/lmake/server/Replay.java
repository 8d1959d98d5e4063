package lmake.server;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import lmake.base.Crc;
import lmake.engine.Event.FileKind;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;
import lmake.graph.TargetFlags;
import lmake.graph.TargetVector;
import lmake.rules.Rule;
import lmake.rules.RuleBook;
import lmake.store.PastJob;
import lmake.store.Store;

/**
 * Puts into a fresh graph what an archive tells of jobs, as far as it still holds: the job was ok, its rule and command
 * are those of today, each target is on disk with the content it left, each dep had a content that was known. What a job
 * made of which contents is true for ever; whether the deps still have them is for the next build to see. Engine's
 * thread.
 */
final class Replay {
  private static final int BATCH = 4096;

  private final Store store;
  private final Graph graph;
  private final RuleBook book;
  private final Disk disk;
  private final Map<Long, Rule> rules = new HashMap<>();
  private final Map<List<Object>, PastJob> told = new LinkedHashMap<>();

  Replay(Store store, Graph graph, RuleBook book, Disk disk) {
    this.store = store;
    this.graph = graph;
    this.book = book;
    this.disk = disk;
    for (Rule rule : book.rules()) if (rule.special() == Rule.Special.PLAIN) rules.put(rule.matchCrc(), rule);
  }

  /**
   * Takes what the archives of a store tell.
   *
   * @return names of the jobs that were kept, sorted
   */
  List<String> run(Path past) throws IOException {
    Store.past(past, one -> {
      List<Object> key = List.of(one.match(), List.of(one.stems()));
      told.remove(key); // what was told last comes last
      told.put(key, one);
    });
    List<String> kept = new ArrayList<>();
    List<PastJob> batch = new ArrayList<>();
    int targets = 0;
    for (PastJob one : told.values()) {
      if (!credible(one)) continue;
      batch.add(one);
      targets += one.targets().size();
      if (targets < BATCH) continue;
      keep(batch, kept);
      batch.clear();
      targets = 0;
    }
    keep(batch, kept);
    kept.sort(null);
    return kept;
  }

  /** How many jobs the archives told of. */
  int total() {
    return told.size();
  }

  /** What can be told without a look at the disk. */
  private boolean credible(PastJob one) {
    Rule rule = rules.get(one.match());
    // What the user had frozen may be the user's own work, which no job has made.
    if (rule == null || one.frozen() || !one.whole() || one.status() != JobStatus.OK) return false;
    if (one.cmd() != rule.cmdCrc() || rule.staticDeps(one.stems()).isEmpty()) return false;
    DepVector deps = one.deps();
    for (int i = 0; i < deps.size(); i++) {
      if (deps.has(i, DepVector.SIG) || deps.has(i, DepVector.HOT)) return false;
      if (deps.kinds(i) != 0 && deps.value(i) == Crc.UNKNOWN) return false;
    }
    TargetVector targets = one.targets();
    for (int i = 0; i < targets.size(); i++) {
      if (!Crc.known(targets.crc(i)) || source(one.targetNames()[i])) return false;
    }
    return true;
  }

  private boolean source(String name) {
    return book.manifest().isSource(name) || book.manifest().inSourceDir(name);
  }

  private void keep(List<PastJob> batch, List<String> kept) {
    List<String> names = new ArrayList<>();
    for (PastJob one : batch) names.addAll(List.of(one.targetNames()));
    Disk.Seen[] seen = disk.look(names.toArray(new String[0]), new long[names.size()], true);
    int at = 0;
    for (PastJob one : batch) {
      int count = one.targets().size();
      if (there(one, seen, at)) {
        put(one, seen, at);
        kept.add(rules.get(one.match()).jobName(one.stems()));
      }
      at += count;
    }
  }

  private static boolean there(PastJob one, Disk.Seen[] seen, int from) {
    for (int i = 0; i < one.targets().size(); i++) {
      long crc = one.targets().crc(i);
      Disk.Seen file = seen[from + i];
      boolean same =
          Crc.exists(crc)
              ? file.kind().file() && file.crc() == crc
              : file.kind() == FileKind.ABSENT || file.kind() == FileKind.DIR;
      if (!same) return false;
    }
    return true;
  }

  private void put(PastJob one, Disk.Seen[] seen, int from) {
    int job = graph.job(rules.get(one.match()).id(), one.stems());
    RunReason why = new RunReason(one.why(), one.about().isEmpty() ? 0 : graph.node(one.about()));
    graph.setStatus(job, JobStatus.OK);
    graph.setCmd(job, one.cmd(), one.resources());
    graph.setExecMs(job, one.execMs());
    graph.setReason(job, why);
    graph.setDeps(job, deps(one));
    graph.setTargets(job, targets(one, job, seen, from));
    one.run().ifPresent(run -> store.putRun(job, run.because(why)));
  }

  private DepVector deps(PastJob one) {
    int size = one.deps().size();
    int[] nodes = new int[size];
    int[] bits = new int[size];
    long[] values = new long[size];
    for (int i = 0; i < size; i++) {
      nodes[i] = graph.node(one.depNames()[i]);
      bits[i] = one.deps().bits(i);
      values[i] = one.deps().value(i);
    }
    return new DepVector(nodes, bits, values);
  }

  private TargetVector targets(PastJob one, int job, Disk.Seen[] seen, int from) {
    int size = one.targets().size();
    int[] nodes = new int[size];
    int[] flags = new int[size];
    long[] crcs = new long[size];
    long[] sigs = new long[size];
    for (int i = 0; i < size; i++) {
      String name = one.targetNames()[i];
      nodes[i] = graph.node(name);
      flags[i] = one.targets().flags(i);
      crcs[i] = one.targets().crc(i);
      boolean exists = Crc.exists(crcs[i]);
      sigs[i] = exists ? seen[from + i].sig() : 0;
      if (!exists && graph.writer(nodes[i]) != 0) continue;
      graph.setContent(nodes[i], crcs[i], sigs[i]);
      graph.setWriter(nodes[i], job);
      boolean others = exists && (flags[i] & TargetFlags.OFFICIAL) == 0 && !book.candidates(name).isEmpty();
      graph.setFlag(nodes[i], Graph.POLLUTED, others);
      for (int dir = graph.parent(nodes[i]); dir != 0; dir = graph.parent(dir)) graph.setFlag(dir, Graph.HOLDS, true);
    }
    return new TargetVector(nodes, flags, crcs, sigs);
  }
}

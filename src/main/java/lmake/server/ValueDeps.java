package lmake.server;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiPredicate;
import lmake.base.Crc;
import lmake.graph.Accesses;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.JobResult;
import lmake.graph.JobStatus;
import lmake.rules.Evaluation;
import lmake.rules.Evaluation.Part;
import lmake.rules.Manifest;
import lmake.rules.StaticDep;

/**
 * Makes deps of the files that the values of a job were computed from. They come after the static deps and before what the job
 * itself reads, in the order in which they were looked at. Looks at the disk; engine's thread.
 *
 * <p>A file is known to be what was read when the engine is done with it and the disk, looked at after the reading, still holds
 * what the engine knows. Otherwise, if the engine is not done, the job is not started; if the disk holds something else, the run is
 * not to be trusted.
 */
final class ValueDeps {
  private static final int ALL = Accesses.L | Accesses.R | Accesses.T;

  private final Graph graph;
  private final Disk disk;
  private final BiPredicate<Integer, Integer> settled;

  /** A file that was looked at: {@code crc} is {@link Crc#UNKNOWN} when what was read cannot be told. */
  record Look(int node, Part part, long sig, long crc, boolean settled) {}

  /**
   * @param settled whether, for a job that was started, the engine is done with a node
   */
  ValueDeps(Graph graph, Disk disk, BiPredicate<Integer, Integer> settled) {
    this.graph = graph;
    this.disk = disk;
    this.settled = settled;
  }

  /** To be called as soon as values were computed. False when some of the files have to be brought up to date first. */
  boolean look(Execution one, Manifest manifest) {
    Map<String, Part> names = inRepo(one.evaluation(), manifest);
    if (names.isEmpty()) return true;
    String[] files = names.keySet().toArray(new String[0]);
    int[] nodes = new int[files.length];
    long[] sigs = new long[files.length];
    for (int i = 0; i < files.length; i++) {
      nodes[i] = graph.node(files[i]);
      sigs[i] = graph.sig(nodes[i]);
    }
    Disk.Seen[] seen = disk.look(files, sigs, false);
    List<Look> looks = new ArrayList<>();
    boolean ready = true;
    for (int i = 0; i < files.length; i++) {
      Part part = names.get(files[i]);
      boolean done = settled.test(one.job(), nodes[i]);
      // That nothing may be built for a value on which nothing depends is what makes it ancillary.
      ready &= done || part == Part.ANCILLARY;
      looks.add(look(nodes[i], part, seen[i], done, before(one, nodes[i])));
    }
    one.looked(looks);
    return ready;
  }

  private Look look(int node, Part part, Disk.Seen seen, boolean done, Optional<Look> before) {
    boolean there = seen.kind().file();
    long sig = there ? seen.sig() : 0;
    long known = there && sig == graph.sig(node) ? graph.crc(node) : there ? Crc.UNKNOWN : Crc.NONE;
    boolean moved = before.isPresent() && before.get().sig != sig;
    boolean sure = done && !moved && Crc.known(known) && !graph.has(node, Graph.HOT);
    return new Look(node, part, sig, sure ? known : Crc.UNKNOWN, done);
  }

  private static Optional<Look> before(Execution one, int node) {
    return one.looks().stream().filter(look -> look.node == node).findFirst();
  }

  /** Names as the manifest spells them, of what can be a dep. */
  private static Map<String, Part> inRepo(Evaluation evaluation, Manifest manifest) {
    Map<String, Part> names = new java.util.LinkedHashMap<>();
    evaluation.looks().forEach((name, part) -> spelled(name, manifest).ifPresent(spelled -> names.put(spelled, part)));
    return names;
  }

  private static Optional<String> spelled(String name, Manifest manifest) {
    if (name.startsWith("LMAKE/") && !manifest.isSource(name)) return Optional.empty();
    if (!name.startsWith("/")) return name.isEmpty() ? Optional.empty() : Optional.of(name);
    if (manifest.inSourceDir(name)) return Optional.of(name);
    String relative = Path.of("").toAbsolutePath().relativize(Path.of(name)).toString();
    return manifest.inSourceDir(relative) ? Optional.of(relative) : Optional.empty();
  }

  /** The deps of a job that was not started: static ones, and what its values look at. */
  DepVector early(Execution one) {
    DepVector.Builder deps = new DepVector.Builder();
    boolean first = true;
    for (StaticDep dep : one.rule().staticDeps(one.stems()).orElse(List.of())) {
      int node = graph.node(dep.name());
      deps.add(node, ALL, dep.flags(), !first, 0, graph.crc(node));
      first = false;
    }
    for (Look look : one.looks()) add(deps, look, kinds(look), 0, look.crc);
    return deps.build();
  }

  /** What a run taught, and what its values were computed from. */
  JobResult with(Execution one, JobResult result) {
    boolean worthless = result.status() == JobStatus.KILLED || result.status().lost();
    if (one.looks().isEmpty() || worthless) return result;
    DepVector read = result.deps();
    Map<Integer, Integer> at = new HashMap<>();
    for (int i = 0; i < read.size(); i++) at.put(read.node(i), i);
    DepVector.Builder deps = new DepVector.Builder();
    int statics = 0;
    while (statics < read.size() && (read.flags(statics) & DepFlags.STATIC) != 0) copy(read, statics++, deps);
    Map<Integer, Look> hidden = new HashMap<>();
    for (Look look : one.looks()) {
      Integer i = at.get(look.node);
      // A static dep has been there all along: that it is read once more tells nothing new.
      if (i != null && i < statics) continue;
      hidden.put(look.node, look);
      if (i == null) add(deps, look, kinds(look), sure(look) ? 0 : DepVector.HOT, look.crc);
      else merge(deps, look, read, i);
    }
    boolean gap = !hidden.isEmpty();
    for (int i = statics; i < read.size(); i++) {
      if (hidden.containsKey(read.node(i))) gap = true;
      else gap = !copy(read, i, deps, gap);
    }
    return new JobResult(
        result.status(), deps.build(), result.targets(), result.messages(), result.hasStderr(), result.execMs(),
        result.pollutes());
  }

  private static boolean sure(Look look) {
    return look.part == Part.ANCILLARY || look.crc != Crc.UNKNOWN;
  }

  private static int kinds(Look look) {
    return look.part == Part.ANCILLARY ? 0 : ALL;
  }

  private static void add(DepVector.Builder deps, Look look, int kinds, int marks, long crc) {
    deps.add(look.node, kinds, look.part == Part.CMD ? DepFlags.FULL : 0, false, marks, crc);
  }

  private static void copy(DepVector from, int i, DepVector.Builder to) {
    copy(from, i, to, false);
  }

  /** {@code alone}: what stood before it, in its parallel group, is not there. Always true. */
  private static boolean copy(DepVector from, int i, DepVector.Builder to, boolean alone) {
    int marks = from.bits(i) & (DepVector.SIG | DepVector.HOT | DepVector.ERROR);
    to.add(from.node(i), from.kinds(i), from.flags(i), from.has(i, DepVector.PARALLEL) && !alone, marks, from.value(i));
    return true;
  }

  /** The job read the same file: it must have been the same thing then. */
  private void merge(DepVector.Builder deps, Look look, DepVector read, int i) {
    int kinds = read.kinds(i) | kinds(look);
    int flags = read.flags(i);
    int marks = read.bits(i) & (DepVector.SIG | DepVector.HOT | DepVector.ERROR);
    boolean same =
        read.kinds(i) == 0 || kinds(look) == 0
            || (read.has(i, DepVector.SIG) ? read.value(i) == look.sig : (read.value(i) == Crc.NONE) == (look.sig == 0));
    if (kinds(look) == 0) {
      deps.add(look.node, kinds, flags, false, marks, read.value(i));
    } else {
      int hot = same && sure(look) ? marks & DepVector.HOT : DepVector.HOT;
      deps.add(look.node, kinds, flags, false, marks & DepVector.ERROR | hot, look.crc);
    }
  }
}

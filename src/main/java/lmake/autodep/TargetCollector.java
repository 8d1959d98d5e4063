package lmake.autodep;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import lmake.base.Crc;
import lmake.graph.Graph;
import lmake.graph.TargetFlags;
import lmake.graph.TargetVector;
import lmake.rules.TargetEntry;
import lmake.wire.Access;

/** Gathers what one run left: static targets of its rule, there or not, then files it wrote or removed, by first access. */
final class TargetCollector {
  private final Case job;
  private final Graph graph;
  private final boolean trusted;
  private final Map<Integer, Integer> places = new HashMap<>(); // node -> index
  private final List<Integer> nodes = new ArrayList<>();
  private final List<Integer> flags = new ArrayList<>();
  private final List<Long> crcs = new ArrayList<>();
  private final List<Long> sigs = new ArrayList<>();
  private final List<String> missing = new ArrayList<>();

  /** {@code trusted} is false when the run is worth nothing: what it left has no crc. */
  TargetCollector(Case job, Graph graph, boolean trusted) {
    this.job = job;
    this.graph = graph;
    this.trusted = trusted;
  }

  /** Static targets, from what the agent found at their names. */
  void addStatics(Map<String, Access> accesses) {
    for (TargetEntry entry : job.rule().targets()) {
      if (entry.star()) continue;
      String name = entry.name(job.stems());
      Access access = accesses.get(name);
      int said = access == null ? 0 : access.targetFlags() & ~TargetFlags.IGNORE;
      boolean there = access != null && access.endSig() != 0;
      put(graph.node(name), entry.flags() | said, there, access == null ? 0 : access.endCrc(), there ? access.endSig() : 0);
      if (!there && (entry.flags() & (TargetFlags.PHONY | TargetFlags.OPTIONAL)) == 0) missing.add(name);
    }
  }

  /** Does nothing for a static target, which is there already. */
  void add(Touched file) {
    int allow = file.allowed() != 0 ? TargetFlags.ALLOW : 0;
    Access access = file.access();
    put(graph.node(file.name()), file.targetFlags() | allow, file.exists(), access.endCrc(), access.endSig());
  }

  /** A file that the job found and left alone: to be removed, to quarantine if it is the user's. */
  void addFound(Touched file) {
    int node = graph.node(file.name());
    if (places.containsKey(node)) return;
    put(node, file.targetFlags(), true, Crc.UNKNOWN, graph.writer(node) == 0 ? 0 : graph.sig(node));
  }

  private void put(int node, int given, boolean there, long crc, long sig) {
    if (places.putIfAbsent(node, nodes.size()) != null) return;
    nodes.add(node);
    flags.add(given | (there ? 0 : TargetFlags.UNLINKED));
    crcs.add(!there ? Crc.NONE : trusted ? crc : Crc.UNKNOWN);
    sigs.add(there ? sig : 0L);
  }

  /** Static targets that should be there and are not. */
  List<String> missing() {
    return missing;
  }

  TargetVector build() {
    return new TargetVector(
        nodes.stream().mapToInt(i -> i).toArray(),
        flags.stream().mapToInt(i -> i).toArray(),
        crcs.stream().mapToLong(l -> l).toArray(),
        sigs.stream().mapToLong(l -> l).toArray());
  }
}

package lmake.report;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import lmake.base.Crc;
import lmake.graph.Accesses;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.rules.Rule;
import lmake.rules.StaticDep;
import lmake.rules.TargetEntry;

/** The deps of the last run of a job, as {@code lshow -d} lists them. Reads the graph; engine's thread. */
public final class DepTable {
  private final Graph graph;
  private final boolean verbose;
  private final List<Row> rows = new ArrayList<>();

  private record Row(int at, int node, String flags, String accesses, String crc, String key, boolean joined) {}

  public DepTable(Jobs jobs, int job, boolean verbose) {
    this.graph = jobs.graph();
    this.verbose = verbose;
    DepVector deps = graph.deps(job);
    Optional<Rule> rule = jobs.rule(job);
    List<StaticDep> named = rule.flatMap(r -> r.staticDeps(graph.stems(job))).orElse(List.of());
    boolean shownInGroup = false;
    for (int i = 0; i < deps.size(); i++) {
      boolean joins = deps.has(i, DepVector.PARALLEL);
      if (!joins) shownInGroup = false;
      if (!verbose && !exists(deps, i)) continue;
      String name = graph.name(deps.node(i));
      String key = rule.map(r -> key(r, graph.stems(job), name, named)).orElse("");
      rows.add(
          new Row(i, deps.node(i), DepFlags.show(deps.flags(i)), Accesses.show(deps.kinds(i)), crc(deps, i), key,
              joins && shownInGroup));
      shownInGroup = true;
    }
  }

  /** One line per dep, not indented. */
  public List<Line> lines() {
    int width = rows.stream().mapToInt(row -> row.key.length()).max().orElse(0);
    int crcWidth = rows.stream().mapToInt(row -> row.crc.length()).max().orElse(0);
    List<Line> lines = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      Row row = rows.get(i);
      String crc = verbose ? StatusLine.pad(row.crc, crcWidth) + " " : "";
      String key = StatusLine.pad(row.key, width) + " " + mark(i) + " ";
      lines.add(Line.of(row.flags + " " + row.accesses + " " + crc + key).name(graph.name(row.node)));
    }
    return lines;
  }

  /** A tuple of sets, one per parallel group. */
  public Object literal() {
    List<Set<Object>> groups = new ArrayList<>();
    for (Row row : rows) {
      if (!row.joined) groups.add(new LinkedHashSet<>());
      List<Object> dep = new ArrayList<>(List.of(row.flags, row.accesses));
      if (verbose) dep.add(row.crc.strip().replace("*", ""));
      dep.add(row.key.isEmpty() ? Porcelaine.NONE : row.key);
      dep.add(graph.name(row.node));
      groups.get(groups.size() - 1).add(dep);
    }
    return groups;
  }

  private char mark(int i) {
    boolean first = !rows.get(i).joined;
    boolean last = i + 1 == rows.size() || !rows.get(i + 1).joined;
    if (first) return last ? ' ' : '/';
    return last ? '\\' : '|';
  }

  private static boolean exists(DepVector deps, int i) {
    return deps.has(i, DepVector.SIG) ? deps.value(i) != 0 : deps.value(i) != Crc.NONE;
  }

  /** With a star when the file is not, or may not be, what the job saw. */
  private String crc(DepVector deps, int i) {
    int node = deps.node(i);
    if (deps.kinds(i) == 0) return Crc.show(graph.crc(node)) + " "; // nothing of it was seen
    if (deps.has(i, DepVector.SIG)) {
      if (graph.sig(node) == deps.value(i)) return Crc.show(graph.crc(node)) + " ";
      return Crc.show(Crc.UNKNOWN) + "*";
    }
    // A file that nobody makes is not looked at on disk as long as no job saw it there.
    long now = graph.crc(node) == Crc.UNKNOWN && graph.writer(node) == 0 ? Crc.NONE : graph.crc(node);
    return Crc.show(deps.value(i)) + (now == deps.value(i) ? " " : "*");
  }

  private static String key(Rule rule, String[] stems, String name, List<StaticDep> named) {
    for (StaticDep dep : named) if (dep.name().equals(name)) return dep.key();
    return rule.sideDepFor(stems, name).map(TargetEntry::key).orElse("");
  }
}

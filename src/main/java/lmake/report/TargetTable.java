package lmake.report;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import lmake.base.Crc;
import lmake.graph.Graph;
import lmake.graph.TargetFlags;
import lmake.graph.TargetVector;
import lmake.rules.Rule;
import lmake.rules.TargetEntry;

/** The targets of the last run of a job, as {@code lshow -t} lists them. Reads the graph; engine's thread. */
public final class TargetTable {
  private final Graph graph;
  private final boolean verbose;
  private final List<Row> rows = new ArrayList<>();

  private record Row(int node, String access, String flags, String crc, String key) {}

  public TargetTable(Jobs jobs, int job, boolean verbose) {
    this.graph = jobs.graph();
    this.verbose = verbose;
    TargetVector targets = graph.targets(job);
    Optional<Rule> rule = jobs.rule(job);
    for (int i = 0; i < targets.size(); i++) {
      int flags = targets.flags(i);
      boolean exists = Crc.exists(targets.crc(i));
      if (!exists && (flags & TargetFlags.OFFICIAL) == 0 && !verbose) continue;
      String name = graph.name(targets.node(i));
      String access = (flags & TargetFlags.UNLINKED) != 0 ? "U" : exists ? "W" : "-";
      String key = rule.flatMap(r -> r.targetFor(graph.stems(job), name)).map(TargetEntry::key).orElse("");
      rows.add(new Row(targets.node(i), access, TargetFlags.show(flags), Crc.show(targets.crc(i)), key));
    }
  }

  public List<Line> lines() {
    int width = rows.stream().mapToInt(row -> row.key.length()).max().orElse(0);
    int crcWidth = rows.stream().mapToInt(row -> row.crc.length()).max().orElse(0);
    List<Line> lines = new ArrayList<>();
    for (Row row : rows) {
      String crc = verbose ? StatusLine.pad(row.crc, crcWidth) + " " : "";
      String columns = row.access + " " + row.flags + " " + crc + StatusLine.pad(row.key, width) + " ";
      lines.add(Line.of(columns).name(graph.name(row.node)));
    }
    return lines;
  }

  /** A set of tuples. */
  public Object literal() {
    Set<Object> all = new LinkedHashSet<>();
    for (Row row : rows) {
      List<Object> target = new ArrayList<>(List.of(row.access, row.flags));
      if (verbose) target.add(row.crc);
      target.add(row.key);
      target.add(graph.name(row.node));
      all.add(target);
    }
    return all;
  }
}

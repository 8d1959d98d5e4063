package lmake.report;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lmake.graph.DepVector;
import lmake.graph.Graph;

/** The sources a file comes from, as a tree of its deps; each file is told once. Reads the graph; engine's thread. */
public final class BomTree {
  private final Jobs jobs;
  private final Graph graph;
  private final boolean verbose;
  private final boolean flat;
  private final Set<String> told = new HashSet<>();
  private final List<Line> lines = new ArrayList<>();
  private final Map<String, Object> dict = new LinkedHashMap<>();

  /**
   * @param verbose also files that nothing makes
   * @param flat leaves only
   */
  public BomTree(Jobs jobs, boolean verbose, boolean flat) {
    this.jobs = jobs;
    this.graph = jobs.graph();
    this.verbose = verbose;
    this.flat = flat;
  }

  public void file(String name) {
    visit(name, 0, dict);
  }

  /** Starts from the deps of a job. */
  public void job(int job) {
    for (String dep : deps(job)) visit(dep, 0, dict);
  }

  public List<Line> lines() {
    return lines;
  }

  public Object literal() {
    return dict;
  }

  private void visit(String name, int depth, Map<String, Object> into) {
    boolean first = told.add(name);
    int job = jobs.isSource(name) ? 0 : jobs.of(name);
    if (job == 0) {
      if (first) leaf(name, depth, into);
      return;
    }
    Map<String, Object> below = flat ? into : new LinkedHashMap<>();
    if (!flat) into.putIfAbsent(name, below);
    if (!first) return;
    if (!flat) lines.add(Line.at(depth).name(name).in(Color.HIDDEN_NOTE));
    for (String dep : deps(job)) visit(dep, flat ? 0 : depth + 1, below);
  }

  private void leaf(String name, int depth, Map<String, Object> into) {
    boolean exists = jobs.isSource(name) || jobs.book().manifest().inSourceDir(name);
    if (!exists && !verbose) return;
    into.put(name, exists);
    String prefix = verbose ? (exists ? "+ " : "! ") : "";
    lines.add(Line.at(depth).text(prefix).name(name));
  }

  private List<String> deps(int job) {
    DepVector deps = graph.deps(job);
    List<String> names = new ArrayList<>();
    for (int i = 0; i < deps.size(); i++) names.add(graph.name(deps.node(i)));
    return names;
  }
}

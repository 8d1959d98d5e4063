package lmake.report;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What runs now and what waits for it: {@code lshow -r}. Pure. */
public final class RunningTree {
  private final Jobs jobs;
  private final Map<Integer, Item> items = new LinkedHashMap<>();
  private final Map<Integer, List<Integer>> children = new LinkedHashMap<>();
  private final boolean flat;
  private final Set<Integer> told = new HashSet<>();
  private final List<Line> lines = new ArrayList<>();
  private final Map<Object, Object> dict = new LinkedHashMap<>();
  private int width;

  /**
   * A job some req knows.
   *
   * @param mark W waiting, Q queued, R running
   * @param parents jobs that wait for it
   */
  public record Item(int job, char mark, List<Integer> parents) {}

  /**
   * @param flat without what waits
   */
  public RunningTree(Jobs jobs, List<Item> all, boolean flat) {
    this.jobs = jobs;
    this.flat = flat;
    for (Item item : all) {
      items.put(item.job, item);
      width = Math.max(width, jobs.ruleName(item.job).length());
      for (int parent : item.parents) children.computeIfAbsent(parent, p -> new ArrayList<>()).add(item.job);
    }
  }

  /** Shows all, from the jobs for which nobody waits. */
  public RunningTree all() {
    for (Item item : items.values()) if (item.parents.stream().noneMatch(items::containsKey)) visit(item.job, 0, dict);
    // Jobs that wait for each other have no root.
    for (Item item : items.values()) visit(item.job, 0, dict);
    return this;
  }

  /** Shows what this job waits for. */
  public void from(int job) {
    if (items.containsKey(job)) visit(job, 0, dict);
  }

  public List<Line> lines() {
    return lines;
  }

  public Object literal() {
    return dict;
  }

  private void visit(int job, int depth, Map<Object, Object> into) {
    if (!told.add(job)) return;
    Item item = items.get(job);
    boolean waits = item.mark == 'W';
    Map<Object, Object> below = flat ? into : new LinkedHashMap<>();
    Object key = List.of(jobs.ruleName(job), jobs.name(job));
    if (!waits) into.put(key, item.mark == 'R');
    else if (!flat) into.put(key, below);
    if (!waits || !flat) {
      String columns = item.mark + " " + StatusLine.pad(jobs.ruleName(job), width) + " ";
      Color color = item.mark == 'R' ? Color.NONE : Color.HIDDEN_NOTE;
      lines.add(Line.at(flat ? 0 : depth).text(columns).name(jobs.name(job)).in(color));
    }
    for (int child : children.getOrDefault(job, List.of())) {
      if (items.containsKey(child)) visit(child, depth + 1, waits ? below : into);
    }
  }
}

package lmake.report;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import lmake.graph.DepFlags;

/** A file that needs itself, drawn. Reads the graph; engine's thread. */
final class Cycle {
  private final Jobs jobs;
  private final Faults faults;

  /** A job on the way, and the dep by which the way goes on. */
  private static final class Step {
    private final int job;
    private final Faults.Deps deps;
    private int next = -1;

    Step(int job, Faults.Deps deps) {
      this.job = job;
      this.deps = deps;
    }

    int node() {
      return deps.nodes()[next];
    }
  }

  Cycle(Jobs jobs, Faults faults) {
    this.jobs = jobs;
    this.faults = faults;
  }

  /** The drawing of the first cycle met from a target, empty when there is none. */
  Optional<List<Line>> lines(int target, int job) {
    List<Step> way = new ArrayList<>();
    Set<Integer> seen = new HashSet<>();
    List<Integer> onWay = new ArrayList<>();
    push(job, way, onWay, seen);
    while (!way.isEmpty()) {
      Step step = way.get(way.size() - 1);
      if (++step.next == step.deps.nodes().length) {
        way.remove(way.size() - 1);
        onWay.remove(onWay.size() - 1);
        continue;
      }
      int maker = faults.maker(step.node());
      if (maker == 0) continue;
      int entry = onWay.indexOf(maker);
      if (entry >= 0) return Optional.of(draw(target, way, entry));
      if (!seen.contains(maker)) push(maker, way, onWay, seen);
    }
    return Optional.empty();
  }

  private void push(int job, List<Step> way, List<Integer> onWay, Set<Integer> seen) {
    seen.add(job);
    onWay.add(job);
    way.add(new Step(job, faults.deps(job)));
  }

  /** {@code entry}: position of the job that closes the loop; the row before it is the one that enters the loop. */
  private List<Line> draw(int target, List<Step> way, int entry) {
    int width = 0;
    for (Step step : way) width = Math.max(width, jobs.ruleName(step.job).length());
    List<Line> lines = new ArrayList<>();
    lines.add(Line.of("cycle detected for ").name(name(target)).in(Color.ERR));
    for (int i = 0; i < way.size(); i++) {
      String rule = StatusLine.pad(jobs.ruleName(way.get(i).job), width);
      String mark = mark(i, entry, way.size() - 1);
      lines.add(Line.at(1).text(mark + rule + " ").name(name(way.get(i).node())).in(Color.NOTE));
    }
    lines.addAll(advice(way.subList(entry, way.size())));
    return lines;
  }

  private static String mark(int row, int entry, int last) {
    if (entry == 0) return row == last ? "^-- " : "^   ";
    if (row < entry - 1) return "    ";
    if (row == entry - 1) return "+-> ";
    return row == last ? "+-- " : "|   ";
  }

  private List<Line> advice(List<Step> loop) {
    List<Line> lines = new ArrayList<>();
    lines.add(Line.of("consider some of :").in(Color.NOTE));
    Set<String> files = new TreeSet<>();
    for (Step step : loop) {
      files.add(name(step.node()));
      if ((step.deps.flags()[step.next] & DepFlags.STATIC) != 0) continue;
      lines.add(Line.at(1).text("lforget -d ").quoted(jobs.name(step.job)).in(Color.NOTE));
    }
    List<String> literals = files.stream().map(Porcelaine::literal).toList();
    lines.add(Line.at(1).text("add to Lmakefile.py :").in(Color.NOTE));
    lines.add(Line.at(2).text("for t in (" + String.join(",", literals) + ",) :").in(Color.NOTE));
    lines.add(Line.at(3).text("class MyAntiRule(AntiRule) :").in(Color.NOTE));
    lines.add(Line.at(4).text("target = t").in(Color.NOTE));
    return lines;
  }

  private String name(int node) {
    return jobs.graph().name(node);
  }
}

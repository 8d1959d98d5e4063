package lmake.report;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import lmake.base.Crc;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;

/**
 * Why a job last ran, why what it then read had changed, and so on down to what the user did. Nothing is worked out:
 * each reason was kept with its job when it ran. Reads the graph; engine's thread.
 */
public final class WhyChain {
  private WhyChain() {}

  /** One line per step, each deeper than the one it explains. */
  public static List<Line> lines(Jobs jobs, int first) {
    Graph graph = jobs.graph();
    List<Line> lines = new ArrayList<>();
    Set<Integer> told = new HashSet<>();
    for (int job = first, depth = 0; job != 0; depth++) {
      Line line = Line.at(depth).text(jobs.ruleName(job) + " ").name(jobs.name(job)).text(" : ");
      if (!told.add(job)) {
        lines.add(line.text("see above"));
        return lines;
      }
      boolean forgotten = graph.status(job) == JobStatus.NEW || graph.reason(job).none();
      RunReason why = forgotten ? new RunReason(RunReason.Kind.NEVER_RUN, 0) : graph.reason(job);
      lines.add(Notes.reason(why, line, graph));
      if (why.node() == 0) return lines;
      String file = graph.name(why.node());
      int maker = jobs.isSource(file) ? 0 : jobs.of(file);
      if (maker == job) return lines; // its own target: all is said
      job = maker;
      if (job == 0) lines.add(Line.at(depth + 1).name(file).text(" : " + origin(jobs, why.node(), file)));
    }
    return lines;
  }

  private static String origin(Jobs jobs, int node, String file) {
    boolean there = Crc.exists(jobs.graph().crc(node));
    if (jobs.isSource(file)) return there ? "source" : "missing source";
    return there ? "file that no rule makes" : "file that does not exist and no rule makes";
  }
}

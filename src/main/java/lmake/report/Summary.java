package lmake.report;

import java.util.ArrayList;
import java.util.List;
import lmake.engine.Action;

/** The block at the end of every req, but for its errors. Pure. */
public final class Summary {
  private static final String BOX = "+---------+\n| SUMMARY |\n+---------+";

  private Summary() {}

  /**
   * @param failed shown as such: false when the req was interrupted, for that is no error
   * @param marked marks of the user had a part in it
   */
  public static List<Line> head(boolean failed, boolean marked, Tally tally, long elapsedNs, Place place) {
    List<Line> lines = new ArrayList<>();
    lines.add(Line.at(0).block(BOX).in(failed ? Color.ERR : marked ? Color.WARNING : Color.NOTE));
    lines.addAll(tally.lines(elapsedNs));
    if (!place.dir().isEmpty()) {
      String label = StatusLine.pad("startup dir", tally.labelWidth()) + " : ";
      lines.add(Line.of(label + place.dir()).in(Color.NOTE));
    }
    return lines;
  }

  /** Marks of the user that had a part in it: what was not built as the makefiles say. */
  public static List<Line> marks(Action.Marked marked, Jobs jobs) {
    int width = 0;
    for (int job : marked.jobs()) width = Math.max(width, jobs.ruleName(job).length());
    List<Line> lines = new ArrayList<>();
    for (int job : marked.jobs()) {
      String rule = StatusLine.pad(jobs.ruleName(job), width);
      lines.add(Line.of("frozen " + rule + " ").name(jobs.name(job)).in(Color.WARNING));
    }
    String blank = "frozen " + " ".repeat(width) + " ";
    for (int node : marked.files()) lines.add(Line.of(blank).name(jobs.graph().name(node)).in(Color.WARNING));
    for (int node : marked.ignored()) {
      lines.add(Line.of("no trigger ").name(jobs.graph().name(node)).in(Color.WARNING));
    }
    return lines;
  }

  /** Files that jobs undo each other: what is to be done is for the user. */
  public static List<Line> clashes(List<Action.Clash> clashes, Jobs jobs) {
    List<Line> lines = new ArrayList<>();
    for (Action.Clash clash : clashes) {
      lines.add(Line.of("written by several jobs : ").name(jobs.graph().name(clash.node())).in(Color.WARNING));
      for (int job : List.of(clash.owner(), clash.other())) {
        lines.add(Line.at(1).text(jobs.ruleName(job) + " ").name(jobs.name(job)).in(Color.NOTE));
      }
    }
    if (!lines.isEmpty()) lines.add(Line.of("consider : lmake once more").in(Color.NOTE));
    return lines;
  }

  /** Targets for which nothing was left to do, in the order of the command line. */
  public static List<Line> already(List<Action.TargetEnd> ends, Jobs jobs) {
    List<Line> lines = new ArrayList<>();
    for (Action.TargetEnd end : ends) {
      if (end.touched() || end.job() == 0) continue;
      String name = end.node() == 0 ? jobs.name(end.job()) : jobs.graph().name(end.node());
      String text = end.ok() ? "was already up-to-date : " : "was already in error : ";
      lines.add(Line.of(text).name(name).in(end.ok() ? Color.NOTE : Color.ERR));
    }
    return lines;
  }
}

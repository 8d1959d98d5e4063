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
   */
  public static List<Line> head(boolean failed, Tally tally, long elapsedNs, Place place) {
    List<Line> lines = new ArrayList<>();
    lines.add(Line.at(0).block(BOX).in(failed ? Color.ERR : Color.NOTE));
    lines.addAll(tally.lines(elapsedNs));
    if (!place.dir().isEmpty()) {
      String label = StatusLine.pad("startup dir", tally.labelWidth()) + " : ";
      lines.add(Line.of(label + place.dir()).in(Color.NOTE));
    }
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

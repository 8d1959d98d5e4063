package lmake.command;

import java.util.List;
import lmake.report.Line;
import lmake.report.Porcelaine;

/**
 * What {@code lshow} has to say about one argument.
 *
 * @param literal the same for {@code -p}
 * @param ok counts as found
 * @param foreign text of a job, not ours
 * @param nameless in {@code -p}, it stands under None and not under the file
 * @param last the listing stops here
 */
record Answer(List<Line> lines, Object literal, boolean ok, boolean foreign, boolean nameless, boolean last) {
  Answer {
    lines = List.copyOf(lines);
  }

  static Answer table(List<Line> lines, Object literal) {
    return new Answer(lines, literal, true, false, false, false);
  }

  static Answer text(List<Line> lines, Object literal) {
    return new Answer(lines, literal, true, true, false, false);
  }

  /** Nothing known: exit code 1. */
  static Answer none(List<Line> lines) {
    return new Answer(lines, Porcelaine.NONE, false, false, false, false);
  }

  /** About a file without a job: {@code -i} only. */
  static Answer withoutJob(List<Line> lines, Object literal) {
    return new Answer(lines, literal, true, false, true, false);
  }

  /** The job has nothing of the kind asked for. */
  static Answer unavailable(Line line, Object literal) {
    return new Answer(List.of(line), literal, false, false, false, true);
  }
}

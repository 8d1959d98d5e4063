package lmake.report;

import java.util.Set;
import lmake.graph.Graph;
import lmake.graph.RunReason;

/**
 * Explanations of the engine and of autodep as lines. They come as sentences with names relative to the root, two
 * spaces deeper per level; a name at their end is shown as seen from the startup dir. Pure.
 */
public final class Notes {
  /** Words after which a sentence may end with a name. */
  private static final Set<String> LEADS =
      Set.of(":", "to", "add", "unlinked", "polluted", "quarantined", "uniquified", "(empty)", "manual_steady");

  private Notes() {}

  /** One sentence, so many levels deep. A line that begins with a tab (a traceback) stays where it is. */
  public static Line line(String note, int depth, Graph graph) {
    Line line = (note.startsWith("\t") ? Line.at(0) : Line.at(depth)).in(Color.NOTE);
    int indent = 0;
    while (indent < note.length() && (note.charAt(indent) == ' ' || note.charAt(indent) == '\t')) indent++;
    line = line.behind(note.substring(0, indent));
    String said = note.substring(indent);
    int at = nameAt(said, graph);
    return at < 0 ? line.text(said) : line.text(said.substring(0, at)).name(said.substring(at));
  }

  /** A reason in words, and the file it is about. */
  public static Line reason(RunReason why, Line line, Graph graph) {
    Line said = line.text(why.kind().text());
    return why.node() == 0 ? said : said.text(" : ").name(graph.name(why.node()));
  }

  /** The same as plain text. */
  public static String reason(RunReason why, Graph graph) {
    return why.kind().text() + (why.node() == 0 ? "" : " : " + graph.name(why.node()));
  }

  /** Where the name at the end of a sentence begins, -1 when it ends with none: the longest that is a known node. */
  private static int nameAt(String said, Graph graph) {
    int from = 0;
    for (int space = said.indexOf(' '); space >= 0; space = said.indexOf(' ', from)) {
      String lead = said.substring(from, space);
      from = space + 1;
      if (LEADS.contains(lead) && from < said.length() && graph.findNode(said.substring(from)) != 0) return from;
    }
    return -1;
  }
}

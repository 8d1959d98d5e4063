package lmake.command;

import lmake.base.Crc;
import lmake.base.ExitCode;
import lmake.graph.Accesses;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.TargetFlags;
import lmake.graph.TargetVector;
import lmake.report.Line;
import lmake.report.Notes;

/**
 * {@code lmake_dump}: all that the graph knows, as text, for those who look after lmake. Its form is nobody's contract.
 */
final class DumpCommand implements Command {
  private final ToolSpec spec = new ToolSpec("lmake_dump", "").text("mode", "-V", "--video", "ignored");

  @Override
  public ToolSpec spec() {
    return spec;
  }

  @Override
  public void run(Context context) {
    Graph graph = context.site().graph();
    Transcript out = context.plain();
    for (int node = 1; node <= graph.nodeCount(); node++) out.print(node(graph, node));
    for (int job = 1; job <= graph.jobCount(); job++) job(graph, job, out);
    context.session().exit(ExitCode.OK);
  }

  private static Line node(Graph graph, int node) {
    return Line.of("node " + node + " crc=" + Crc.show(graph.crc(node)) + " writer=" + graph.writer(node))
        .text(" flags=" + graph.flags(node) + " ").name(graph.name(node));
  }

  private static void job(Graph graph, int job, Transcript out) {
    out.print(
        Line.of("job " + job + " rule=" + graph.rule(job) + " stems=" + String.join(",", graph.stems(job)))
            .text(" status=" + graph.status(job).word() + " reason=" + Notes.reason(graph.reason(job), graph)));
    DepVector deps = graph.deps(job);
    for (int i = 0; i < deps.size(); i++) {
      String flags = DepFlags.show(deps.flags(i)) + " " + Accesses.show(deps.kinds(i));
      String seen = deps.has(i, DepVector.SIG) ? "sig:" + Long.toHexString(deps.value(i)) : Crc.show(deps.value(i));
      out.print(Line.at(1).text("dep " + flags + " " + seen + " ").name(graph.name(deps.node(i))));
    }
    TargetVector targets = graph.targets(job);
    for (int i = 0; i < targets.size(); i++) {
      String flags = TargetFlags.show(targets.flags(i)) + " " + Crc.show(targets.crc(i));
      out.print(Line.at(1).text("target " + flags + " ").name(graph.name(targets.node(i))));
    }
  }
}

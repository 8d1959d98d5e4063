package lmake.server;

import lmake.base.Bug;
import lmake.graph.Graph;
import lmake.graph.JobResult;
import lmake.wire.JobEnd;

/** Asks autodep for its verdict on an execution. Engine's thread, since names become nodes. */
final class Verdicts implements Endings.Judge {
  private final Graph graph;

  Verdicts(Graph graph) {
    this.graph = graph;
  }

  @Override
  public JobResult judge(Execution one, JobEnd end) {
    throw Bug.of("no autodep yet for %s", graph);
  }
}

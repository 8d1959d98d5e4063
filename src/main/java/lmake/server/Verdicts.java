package lmake.server;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import lmake.autodep.Case;
import lmake.autodep.Verdict;
import lmake.graph.Graph;
import lmake.graph.JobResult;
import lmake.rules.RuleBook;
import lmake.wire.JobEnd;

/** Asks autodep for its verdict on an execution. Engine's thread, since names become nodes. */
final class Verdicts implements Endings.Judge {
  private final Graph graph;
  private final Reqs reqs;
  private final Supplier<Optional<RuleBook>> book;

  Verdicts(Graph graph, Reqs reqs, Supplier<Optional<RuleBook>> book) {
    this.graph = graph;
    this.reqs = reqs;
    this.book = book;
  }

  @Override
  public JobResult judge(Execution one, JobEnd end) {
    var statics = one.rule().staticDeps(one.stems()).orElse(List.of());
    Execution.Running running = one.running().orElseThrow();
    Case job =
        Case.of(one.rule(), one.stems(), statics, running.launch(), one.before(), one.waited(), reqs.sourceOk(one.job()));
    return Verdict.judge(job, book.get().orElseThrow(), graph, end);
  }
}

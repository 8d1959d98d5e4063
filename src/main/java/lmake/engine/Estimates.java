package lmake.engine;

import java.util.HashMap;
import java.util.Map;
import lmake.graph.Graph;
import lmake.rules.Rule;

/**
 * How long jobs are thought to last: what decides which goes first and what is told of the future, never what is made. Nothing
 * is kept of it on disk: means are worked out from the graph when first needed.
 */
final class Estimates {
  /** Runs of a rule that count in its mean, the latest. */
  private static final int LATEST = 100;

  /** Milliseconds: longer is as long. Sums of these stay far below what a date can hold. */
  private static final long FOR_EVER = 10_000_000_000L;

  private final Graph graph;
  private final Map<Integer, Mean> means = new HashMap<>(); // by rule
  private boolean learnt;

  /** Moving means of the good runs of a rule: milliseconds, and tokens where these are known. */
  private static final class Mean {
    private int runs;
    private double ms;
    private int weighed;
    private double tokens;

    void add(int duration) {
      runs = Math.min(runs + 1, LATEST);
      ms += (duration - ms) / runs;
    }

    void weigh(long amount) {
      weighed = Math.min(weighed + 1, LATEST);
      tokens += (amount - tokens) / weighed;
    }
  }

  Estimates(Graph graph) {
    this.graph = graph;
  }

  /**
   * Milliseconds: those of the last good run; else the mean of the rule, in proportion to the tokens; else what the rule says.
   *
   * @param tokens of cpu that the job asks for, 0 when it is not known yet
   */
  long ms(int job, Rule rule, long tokens) {
    int own = graph.execMs(job);
    if (own > 0) return own;
    learn();
    Mean mean = means.get(graph.rule(job));
    if (mean == null) return round(rule.expectedSeconds() * 1000);
    boolean scaled = tokens > 0 && mean.weighed > 0;
    return round(scaled ? mean.ms * tokens / mean.tokens : mean.ms);
  }

  private static long round(double ms) {
    return Math.max(0, Math.min(FOR_EVER, Math.round(ms)));
  }

  /** A good run, before the graph knows of it. */
  void ran(int job, int ms, long tokens) {
    learn();
    Mean mean = means.computeIfAbsent(graph.rule(job), rule -> new Mean());
    mean.add(ms);
    if (tokens > 0) mean.weigh(tokens);
  }

  /** From runs of former lives of the server; of those the youngest jobs count. Once. */
  private void learn() {
    if (learnt) return;
    learnt = true;
    for (int job = graph.jobCount(); job > 0; job--) {
      if (graph.execMs(job) <= 0) continue;
      Mean mean = means.computeIfAbsent(graph.rule(job), rule -> new Mean());
      if (mean.runs < LATEST) mean.add(graph.execMs(job));
    }
  }
}

package lmake.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import lmake.graph.Graph;
import lmake.graph.TargetVector;
import lmake.rules.Candidate;
import lmake.rules.Rule;
import lmake.rules.RuleBook;

/**
 * Jobs as people know them: by rule and name, or by the file they make. Reads the graph, changes nothing; engine's
 * thread.
 */
public final class Jobs {
  private final Graph graph;
  private final RuleBook book;

  public Jobs(Graph graph, RuleBook book) {
    this.graph = graph;
    this.book = book;
  }

  public Graph graph() {
    return graph;
  }

  public RuleBook book() {
    return book;
  }

  /** Empty when the makefiles do not define it any more. */
  public Optional<Rule> rule(int job) {
    return book.rule(graph.rule(job));
  }

  /** "" when the rule is gone. */
  public String ruleName(int job) {
    return rule(job).map(Rule::name).orElse("");
  }

  /** As status lines show it; the first of its targets when the rule is gone. */
  public String name(int job) {
    Optional<Rule> rule = rule(job);
    if (rule.isPresent()) return rule.get().jobName(graph.stems(job));
    TargetVector targets = graph.targets(job);
    return targets.size() > 0 ? graph.name(targets.node(0)) : "";
  }

  /** How long a job runs before a {@code start} line is printed. */
  public long startDelayNs(int job) {
    return (long) (rule(job).map(rule -> rule.startDelay(graph.stems(job))).orElse(0.0) * 1e9);
  }

  /** Lines of the stderr of a job that are shown, 0 = all. */
  public int maxStderrLines(int job) {
    return rule(job).map(rule -> rule.maxStderrLines(graph.stems(job))).orElse(0);
  }

  public boolean isSource(String name) {
    return book.manifest().isSource(name) || bySourceRule(name);
  }

  /** The job that last wrote a file, 0 when none did or its rule is gone. */
  public int actual(String name) {
    int node = graph.findNode(name);
    if (node == 0) return 0;
    int job = graph.writer(node);
    return job != 0 && rule(job).isPresent() ? job : 0;
  }

  /** Known jobs that the rules allow to make a file, best first. */
  public List<Integer> candidates(String name) {
    List<Integer> jobs = new ArrayList<>();
    for (Candidate candidate : book.candidates(name)) {
      if (candidate.rule().special() != Rule.Special.PLAIN) break;
      int job = graph.findJob(candidate.rule().id(), candidate.stems());
      if (job != 0) jobs.add(job);
    }
    return jobs;
  }

  /** The one that ought to make it, as far as was ever needed: the best that is known; 0 when none is. */
  public int official(String name) {
    if (isSource(name)) return 0;
    List<Integer> jobs = candidates(name);
    for (int job : jobs) if (graph.targets(job).find(graph.findNode(name)) >= 0) return job;
    return jobs.isEmpty() ? 0 : jobs.get(0);
  }

  /** The job a question about a file is about: the one that wrote it, else the official one, else 0. */
  public int of(String name) {
    int job = actual(name);
    return job != 0 ? job : official(name);
  }

  private boolean bySourceRule(String name) {
    for (Candidate candidate : book.candidates(name)) {
      if (candidate.rule().special() == Rule.Special.PLAIN) return false;
      return candidate.rule().special() == Rule.Special.SOURCE;
    }
    return false;
  }
}

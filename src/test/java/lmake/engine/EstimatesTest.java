package lmake.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import lmake.graph.Graph;
import lmake.graph.MemoryNames;
import lmake.graph.MemoryShelf;
import lmake.rules.Rule;
import lmake.rules.RuleBook;
import lmake.rules.RuleSketch;
import org.junit.jupiter.api.Test;

/** How long jobs are thought to last. */
class EstimatesTest {
  private final RuleBook book =
      RuleSketch.book(List.of(RuleSketch.rule("Up").target("UP", "{F:[a-z0-9]+}.up").attr("ete", 2.5)), List.of());
  private final Rule rule = book.rules().get(0);
  private final Graph graph = new Graph(new MemoryNames(), new MemoryShelf());
  private Estimates estimates = new Estimates(graph);

  @Test
  void firstWhatTheRuleSaysThenTheMeanThenItsOwnTime() {
    assertThat(estimates.ms(job("a"), rule, 0)).isEqualTo(2500);
    estimates.ran(job("b"), 100, 1);
    estimates.ran(job("c"), 300, 1);
    assertThat(estimates.ms(job("a"), rule, 0)).isEqualTo(200);
    graph.setExecMs(job("a"), 70);
    assertThat(estimates.ms(job("a"), rule, 0)).isEqualTo(70);
  }

  @Test
  void whoAsksForTwiceTheProcessorsLastsTwiceAsLong() {
    estimates.ran(job("b"), 100, 1);
    estimates.ran(job("c"), 300, 3);
    assertThat(estimates.ms(job("a"), rule, 1)).isEqualTo(100);
    assertThat(estimates.ms(job("a"), rule, 4)).isEqualTo(400);
    assertThat(estimates.ms(job("a"), rule, 0)).as("not known yet").isEqualTo(200);
  }

  @Test
  void theMeanMovesWithTheLastHundred() {
    for (int i = 0; i < 1000; i++) estimates.ran(job("b"), 1000, 1);
    estimates.ran(job("b"), 0, 1);
    assertThat(estimates.ms(job("a"), rule, 1)).isEqualTo(990);
  }

  @Test
  void runsOfFormerServersAreKnownFromTheGraph() {
    for (int i = 0; i < 200; i++) graph.setExecMs(job("j" + i), i < 100 ? 9000 : 50);
    estimates = new Estimates(graph);
    assertThat(estimates.ms(job("a"), rule, 4)).as("of the youngest, however many it asks for").isEqualTo(50);
    estimates.ran(job("b"), 150, 1);
    assertThat(estimates.ms(job("a"), rule, 0)).isEqualTo(51);
  }

  private int job(String stem) {
    return graph.job(rule.id(), new String[] {stem});
  }
}

package lmake.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * The two oracles, on random projects under random edits: what an incremental build leaves is what a build from nothing would
 * leave, and a second build runs nothing. The same engine as in the server, a fake disk and fake jobs, all drawn from a seed. What a
 * failing seed needs to fail is found and printed.
 */
class SimulatorTest {
  private static final int SEEDS = Integer.getInteger("lmake.sim.seeds", 2000);
  private static final boolean SHRINK = !"false".equals(System.getProperty("lmake.sim.shrink"));
  private static final long FIRST = Long.getLong("lmake.sim.first", 1);

  @Test
  void incrementalBuildEqualsCleanBuildAndSecondBuildRunsNothing() {
    for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
      Optional<String> failure = failure(SimPlan.of(seed), false);
      if (failure.isPresent()) fail(report(SimPlan.of(seed)));
    }
  }

  @Test
  void sameSeedGivesSameTrace() {
    for (long seed = FIRST; seed < FIRST + 50; seed++) {
      SimSession one = new SimSession(SimPlan.of(seed));
      SimSession two = new SimSession(SimPlan.of(seed));
      one.run();
      two.run();
      assertEquals(one.log, two.log, "seed " + seed);
    }
  }

  @Test
  void failureIsShrunkToThePartsItNeeds() {
    SimPlan plan = SimPlan.of(1);
    long edit = plan.steps().stream().flatMap(step -> step.edits().stream()).findFirst().orElseThrow();
    SimPlan least = plan.shrink(one -> one.steps().stream().anyMatch(step -> step.edits().contains(edit)));
    assertEquals(1, least.steps().size());
    assertEquals(1, least.steps().get(0).edits().size());
    assertTrue(least.features().isEmpty() && least.layers().isEmpty());
  }

  /** What goes wrong with a plan, if anything does. */
  static Optional<String> failure(SimPlan plan, boolean story) {
    SimSession session = new SimSession(plan);
    try {
      session.run();
      return Optional.empty();
    } catch (RuntimeException | AssertionError | StackOverflowError e) {
      String what = e.getMessage() != null && e.getStackTrace().length > 0 ? e.getMessage() : e.toString();
      return Optional.of(story ? what + " at " + e.getStackTrace()[0] + " " + e.getStackTrace()[1] + "\n"
          + String.join("\n", session.tail()) : what);
    }
  }

  /** What is wrong, whatever it is wrong with. */
  private static String kind(Optional<String> failure) {
    return failure.orElse("").replaceAll("\\[[^]]*\\]|[a-zA-Z]?[0-9]+(_[ab])?|Version.*", "");
  }

  static String report(SimPlan plan) {
    String kind = kind(failure(plan, false));
    SimPlan least = !SHRINK ? plan : plan.shrink(one -> kind(failure(one, false)).equals(kind));
    return "seed " + plan.seed() + " : " + failure(plan, false).orElse("") + "\nshrunk to " + least + "\n"
        + failure(least, true).orElse("");
  }
}

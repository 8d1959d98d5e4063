package lmake.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import org.junit.jupiter.api.Test;

/**
 * The two oracles, on random projects under random edits: what an incremental build leaves is what a build from nothing would
 * leave, and a second build runs nothing. The same engine as in the server, a fake disk and fake jobs, all drawn from a seed.
 */
class SimulatorTest {
  private static final int SEEDS = Integer.getInteger("lmake.sim.seeds", 1000);
  private static final long FIRST = Long.getLong("lmake.sim.first", 1);

  @Test
  void incrementalBuildEqualsCleanBuildAndSecondBuildRunsNothing() {
    for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
      SimSession session = new SimSession(seed);
      try {
        session.run();
      } catch (RuntimeException | AssertionError e) {
        fail("seed " + seed + " : " + e.getMessage() + "\n" + String.join("\n", session.tail()), e);
      }
    }
  }

  @Test
  void sameSeedGivesSameTrace() {
    for (long seed = 1; seed <= 20; seed++) {
      SimSession one = new SimSession(seed);
      SimSession two = new SimSession(seed);
      one.run();
      two.run();
      assertEquals(one.log, two.log, "seed " + seed);
    }
  }
}

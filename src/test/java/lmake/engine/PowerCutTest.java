package lmake.engine;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import lmake.engine.SimWorld.Feature;
import lmake.store.CutStore;
import org.junit.jupiter.api.Test;

/**
 * The machine stops in the midst of builds, and in the midst of what is done about that: the store is torn between its
 * checkpoints, sources and targets have lost content and kept their dates, or the other way round. The store is sound without
 * being made anew, and the next builds meet the two oracles. {@code -Dlmake.cuts=N -Dlmake.cut.first=S} choose the number of
 * images and the first seed.
 */
class PowerCutTest {
  private static final int IMAGES = Integer.getInteger("lmake.cuts", 500);
  private static final long FIRST = Long.getLong("lmake.cut.first", 1);
  private static final int CUTS = 5; // in one life

  @Test
  void whatIsBuiltAfterAPowerCutEqualsACleanBuild() throws Exception {
    int images = 0;
    long seed = FIRST;
    for (; images < IMAGES; seed++) {
      CutSession session = new CutSession(seed);
      try {
        session.live();
      } catch (Exception | AssertionError e) {
        fail("seed " + seed + " : " + e + "\n" + String.join("\n", session.tail()), e);
      } finally {
        session.store.close();
      }
      images += session.images;
    }
    System.out.println("PowerCutTest: " + images + " images, seeds " + FIRST + " to " + (seed - 1));
  }

  /** A life with power cuts; its graph is that of a store. */
  private static final class CutSession extends SimSession {
    private final CutStore store;
    private final Random fate;
    private int images;

    CutSession(long seed) throws Exception {
      super(plan(seed));
      fate = new Random(seed);
      luck.setSeed(seed);
      cut = true;
      Path shared = Path.of("/dev/shm");
      store = new CutStore(
          Files.isWritable(shared) ? Files.createTempDirectory(shared, "lmake-cut") : Files.createTempDirectory("lmake-cut"), fate);
      server.boot(store.graph());
      server.commit = this::commit;
    }

    /** Nothing but the cuts disturbs: of files that several jobs write, or that are right by luck, nothing could be asked. */
    private static SimPlan plan(long seed) {
      SimPlan plan = SimPlan.of(seed);
      Set<Feature> features = EnumSet.noneOf(Feature.class);
      features.addAll(plan.features());
      features.removeAll(Set.of(Feature.POLLUTION, Feature.CYCLES, Feature.COARSE, Feature.LOSSES, Feature.FLAKY));
      return new SimPlan(seed, features, plan.layers(), plan.steps());
    }

    private void commit() {
      try {
        store.commit();
        if (fate.nextInt(12) == 0) store.checkpoint();
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }

    void live() throws Exception {
      for (int cut = 0; cut < CUTS; cut++) {
        for (int n = luck.nextInt(3); n > 0; n--) edit();
        List<String> targets = targets();
        buildPartly(targets);
        powerCut();
        while (luck.nextInt(3) == 0) {
          note("cut while recovering");
          if (luck.nextBoolean()) buildPartly(targets);
          powerCut();
        }
        settle(targets);
      }
    }

    private void buildPartly(List<String> targets) {
      note("build " + targets);
      int req = server.open(targets, ReqOptions.DEFAULT);
      int most = luck.nextInt(3) == 0 ? Integer.MAX_VALUE : luck.nextInt(60);
      for (int n = 0; n < most && !server.done.containsKey(req) && !server.idle(); n++) server.step();
    }

    private void powerCut() throws Exception {
      // Jobs on their way may have written.
      boolean clean = server.idle() && luck.nextInt(3) == 0;
      note(clean ? "clean end, and cut" : "cut");
      if (clean) store.closeClean();
      else server.restart();
      Map<String, SimDisk.Version> before = new TreeMap<>(disk.files);
      disk.powerCut(luck);
      // A source that jobs write, and that is lost, is missing as any other one is: it is for the user to bring back.
      before.forEach((name, version) -> {
        if (name.startsWith("w") && !disk.files.containsKey(name)) disk.write(name, version.content());
      });
      // A source that was given up, and is back, is for the user to remove once more.
      disk.files.keySet().removeIf(name -> name.startsWith("z") && !world.sources.contains(name));
      if (Boolean.getBoolean("lmake.cut.show")) disk.files.forEach((name, version) -> note("   " + name + " " + version));
      store.cut(clean);
      images++;
      assertTrue(store.rebooted(), "the store knows that the machine was started again");
      server.boot(store.graph());
    }
  }
}

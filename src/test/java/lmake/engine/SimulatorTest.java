package lmake.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import lmake.base.Crc;
import org.junit.jupiter.api.Test;

/**
 * The two oracles, on random projects under random edits: what an incremental build leaves is what a build from nothing would
 * leave, and a second build runs nothing. The same engine as in the server, a fake disk and fake jobs, all drawn from a seed.
 */
class SimulatorTest {
  private static final int SEEDS = Integer.getInteger("lmake.sim.seeds", 1000);
  private static final int STEPS = 8;
  private static final long FIRST = Long.getLong("lmake.sim.first", 1);

  @Test
  void incrementalBuildEqualsCleanBuildAndSecondBuildRunsNothing() {
    for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
      Session session = new Session(seed);
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
      Session one = new Session(seed);
      Session two = new Session(seed);
      one.run();
      two.run();
      assertEquals(one.log, two.log, "seed " + seed);
    }
  }

  /** One project and its life. */
  private static final class Session {
    private final Random random;
    private final SimWorld world;
    private final SimDisk disk = new SimDisk();
    private final SimServer server;
    private final List<String> log = new ArrayList<>();
    private int logged;

    Session(long seed) {
      random = new Random(seed * 0x9E3779B97F4A7C15L);
      world = new SimWorld(random);
      for (String source : world.sources) disk.write(source, world.content(source));
      server = new SimServer(world, disk, random, random.nextInt(4) == 0 ? 0.02 : 0);
    }

    void run() {
      for (int step = 0; step < STEPS; step++) {
        for (int n = random.nextInt(3); n > 0; n--) edit();
        List<String> targets = targets();
        note("build " + targets);
        build(targets);
        settle(targets);
        check(targets);
        secondBuildRunsNothing(targets);
      }
    }

    /** What has been said since the last note, for the reader of a failure. */
    List<String> tail() {
      note("");
      return log.subList(Math.max(0, log.size() - 60), log.size());
    }

    private void note(String text) {
      for (; logged < server.said.size(); logged++) log.add("   " + server.said.get(logged));
      log.add(text);
    }

    private List<String> targets() {
      TreeSet<String> targets = new TreeSet<>();
      for (int n = 1 + random.nextInt(3); n > 0; n--) targets.add(world.anyTarget());
      return List.copyOf(targets);
    }

    /** A build in whose course anything may happen. */
    private void build(List<String> targets) {
      int trouble = random.nextInt(6);
      int req = server.open(targets, ReqOptions.DEFAULT);
      if (trouble == 0) {
        int other = server.open(targets(), ReqOptions.DEFAULT);
        server.run(other);
      }
      for (int n = random.nextInt(30); n > 0 && !server.done.containsKey(req) && !server.idle(); n--) server.step();
      switch (trouble) {
        case 1 -> editSource();
        case 2 -> server.kill(req);
        case 3 -> {
          note("crash");
          server.restart();
          return;
        }
        default -> {}
      }
      server.run(req);
    }

    /** Builds until nothing disturbed the build; jobs that were lost too often need to be asked for again. */
    private void settle(List<String> targets) {
      note("settle");
      int before;
      do {
        while (!server.idle()) server.step();
        before = server.started.size();
        int said = server.said.size();
        int req = server.open(targets, options(lossy()));
        server.run(req);
        if (server.done.get(req).ok()) noErrorIsCertain(said);
      } while (server.started.size() > before && lossy());
    }

    /** What is needed for certain and in error makes the command fail. */
    private void noErrorIsCertain(int from) {
      for (String line : server.said.subList(from, server.said.size())) {
        boolean error = line.matches("(was_)?(failed|dep_error|lost_err|run_loop|submit_loop) .*");
        assertTrue(!error || lossy(), "the command succeeds in spite of: " + line);
      }
    }

    private boolean lossy() {
      return server.said.stream().skip(Math.max(0, server.said.size() - 40)).anyMatch(line -> line.startsWith("lost"));
    }

    private static ReqOptions options(boolean forgetErrors) {
      return new ReqOptions(false, forgetErrors, 0, 0, 0, false, false, false, false, false, false, false);
    }

    private void check(List<String> targets) {
      SimWorld.Clean clean = world.new Clean(disk);
      for (String target : targets) {
        SimWorld.Expected expected = clean.file(target);
        if (expected.error()) continue;
        assertEquals(expected.content(), disk.read(target), target);
      }
      int last = server.done.keySet().stream().max(Integer::compare).orElseThrow();
      boolean allRight = targets.stream().map(clean::file).allMatch(e -> !e.error() && e.content() != null);
      assertEquals(allRight, server.done.get(last).ok(), "verdict on " + targets);
      for (String target : targets) checkCrc(target, clean.file(target));
    }

    private void checkCrc(String target, SimWorld.Expected expected) {
      int node = server.graph.findNode(target);
      if (expected.error()) return;
      assertEquals(Crc.show(SimDisk.crc(expected.content())), Crc.show(server.graph.crc(node)), "crc of " + target);
    }

    private void secondBuildRunsNothing(List<String> targets) {
      int before = server.started.size();
      server.run(server.open(targets, ReqOptions.DEFAULT));
      List<String> ran = server.started.subList(before, server.started.size());
      assertTrue(ran.isEmpty() || lossy(), "second build runs " + ran);
    }

    private void edit() {
      switch (random.nextInt(9)) {
        case 0, 1, 2 -> editSource();
        case 3 -> touch();
        case 4 -> {
          String source = pick(new ArrayList<>(world.sources));
          note("remove " + source);
          disk.remove(source);
        }
        case 5 -> spoilTarget();
        case 6 -> {
          SimWorld.SimRule rule = pick(world.rules);
          rule.version = random.nextInt(3);
          note("version " + rule.version + " of " + rule.name);
          server.readRules();
        }
        case 7 -> {
          String source = "z" + random.nextInt(3);
          note("toggle " + source);
          if (world.sources.remove(source)) disk.remove(source);
          else {
            world.sources.add(source);
            disk.write(source, world.content(source));
          }
          server.readRules();
        }
        default -> {}
      }
    }

    private void editSource() {
      String source = pick(new ArrayList<>(world.sources));
      note("edit " + source);
      disk.write(source, world.content(source));
    }

    private void touch() {
      String source = pick(new ArrayList<>(world.sources));
      note("touch " + source);
      if (disk.read(source) != null) disk.write(source, disk.read(source));
    }

    private void spoilTarget() {
      List<String> products = disk.files.keySet().stream().filter(name -> !world.sources.contains(name)).toList();
      if (products.isEmpty()) return;
      String target = pick(products);
      note("spoil " + target);
      if (random.nextBoolean()) disk.remove(target);
      else disk.write(target, "by hand");
    }

    private <T> T pick(List<T> list) {
      return list.get(random.nextInt(list.size()));
    }
  }
}

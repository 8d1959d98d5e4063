package lmake.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BiConsumer;
import lmake.engine.Event.FileKind;
import lmake.graph.DepFlags;
import lmake.rules.RuleBook;
import lmake.rules.RuleSketch;
import org.junit.jupiter.api.Test;

/** Cases where several things meet, found by the simulator: each is kept here by what caused it. */
class EngineCornersTest {
  private static final ReqOptions NO_DEPS =
      new ReqOptions(false, false, 0, 0, 0, true, false, false, false, false, false, false);

  /** A project whose jobs are given as acts. */
  private static final class Toy implements SimProject {
    private final Map<String, RuleSketch> rules = new LinkedHashMap<>();
    private final Map<String, BiConsumer<String, SimActs>> recipes = new LinkedHashMap<>();
    private final List<String> sources = new ArrayList<>();
    private final RuleSketch.Ids ids = new RuleSketch.Ids();
    private final SimDisk disk = new SimDisk();
    private SimServer server;

    Toy rule(RuleSketch sketch, String name, BiConsumer<String, SimActs> recipe) {
      rules.put(name, sketch);
      recipes.put(name, recipe);
      return this;
    }

    Toy source(String name, String content) {
      sources.add(name);
      disk.write(name, content);
      return this;
    }

    @Override
    public RuleBook book() {
      return RuleSketch.book(List.copyOf(rules.values()), sources, ids, (code, text, vars) -> null);
    }

    @Override
    public void play(String rule, String stem, SimActs acts) {
      recipes.get(rule).accept(stem, acts);
    }

    SimServer server() {
      if (server == null) server = new SimServer(this, disk, new Random(1), 0);
      return server;
    }

    /** What was run. */
    List<String> build(String... targets) {
      int from = server().started.size();
      int req = server.open(List.of(targets), ReqOptions.DEFAULT);
      server.run(req);
      ok = server.done.get(req).ok();
      return server.started.subList(from, server.started.size());
    }

    boolean ok;
  }

  private static void write(SimActs acts, String name, String content) {
    acts.write(name, content, FileKind.REGULAR);
  }

  @Test
  void depInErrorThatNobodyEverWroteIsTheSameEachTimeItIsTold() {
    Toy toy =
        new Toy()
            .rule(RuleSketch.rule("Bad").target("B", "bad/{N*:[0-9]}"), "Bad", (stem, acts) -> acts.fail())
            .rule(
                RuleSketch.rule("Ask").target("A", "ask"),
                "Ask",
                (stem, acts) -> {
                  String status = acts.tell(List.of("bad/1"), DepFlags.IGNORE_ERROR).get(0).split(" ")[0];
                  write(acts, "ask", status);
                });
    toy.build("ask");
    assertTrue(toy.ok);
    assertEquals("error", toy.disk.read("ask"));
    assertEquals(List.of(), toy.build("ask"));
  }

  @Test
  void jobThatAsksWhetherItsDepsAreRightIsNotEndedForOneInError() {
    Toy toy =
        new Toy()
            .rule(RuleSketch.rule("Bad").target("B", "bad"), "Bad", (stem, acts) -> acts.fail())
            .rule(
                RuleSketch.rule("Ask").target("A", "ask"),
                "Ask",
                (stem, acts) -> {
                  acts.exists("bad");
                  acts.checkDeps(true);
                  write(acts, "ask", "");
                });
    List<String> ran = toy.build("ask");
    assertEquals(1, ran.stream().filter(line -> line.startsWith("Bad")).count(), ran.toString());
    assertTrue(ran.size() < 5, ran.toString());
    assertEquals(List.of(), toy.build("ask"));
  }

  @Test
  void jobThatWasToldOfAnErrorRunsAgainOnceThereIsNone() {
    Toy toy =
        new Toy()
            .rule(
                RuleSketch.rule("Bad").target("B", "bad"),
                "Bad",
                (stem, acts) -> {
                  write(acts, "bad", "same");
                  if (acts.read("how").equals("fail")) acts.fail();
                })
            .rule(
                RuleSketch.rule("Ask").target("A", "ask"),
                "Ask",
                (stem, acts) -> {
                  boolean right = acts.build(List.of("bad"), 0);
                  acts.read("bad");
                  write(acts, "ask", "" + right);
                })
            .source("how", "fail");
    toy.build("ask");
    toy.disk.write("how", "well");
    toy.build("ask");
    assertTrue(toy.ok);
    assertEquals("true", toy.disk.read("ask"));
    assertEquals(List.of(), toy.build("ask"));
  }

  @Test
  void fileOfAJobInErrorThatWasEditedIsNoReasonToRunAgainAndAgain() {
    Toy toy =
        new Toy()
            .rule(
                RuleSketch.rule("Bad").target("B", "bad"),
                "Bad",
                (stem, acts) -> {
                  acts.read("list");
                  write(acts, "bad", "1");
                })
            .rule(
                RuleSketch.rule("Ask").target("A", "ask"),
                "Ask",
                (stem, acts) -> {
                  String status = acts.tell(List.of("bad"), DepFlags.IGNORE_ERROR).get(0).split(" ")[0];
                  write(acts, "ask", status);
                })
            .source("list", "x");
    toy.build("ask");
    toy.disk.remove("list");
    toy.disk.write("bad", "by hand");
    List<String> ran = toy.build("ask");
    assertTrue(ran.size() <= 2, ran.toString());
    assertEquals("error", toy.disk.read("ask"));
    assertEquals(List.of(), toy.build("ask"));
  }

  /** For one command the job waits for its old deps; another one runs it without looking at them, and it has new ones. */
  @Test
  void jobFreedFromALoopForgetsWhatItWaitedForWithItsFormerDeps() {
    Toy toy =
        new Toy()
            .rule(
                RuleSketch.rule("J").target("J", "j"),
                "J",
                (stem, acts) -> write(acts, "j", "" + acts.read(acts.read("switch"))))
            .rule(
                RuleSketch.rule("P").target("P", "p"),
                "P",
                (stem, acts) -> {
                  String list = acts.read("list");
                  for (int i = 0; i < 50; i++) acts.exists("never" + i);
                  acts.read(list);
                  write(acts, "p", "p");
                })
            .source("switch", "p")
            .source("list", "x")
            .source("x", "1");
    toy.build("j");
    toy.disk.write("switch", "x");
    toy.disk.write("list", "j");
    toy.rules.put("J", RuleSketch.rule("J").target("J", "j").cmd("other"));
    toy.server().readRules();
    int waits = toy.server.open(List.of("j"), ReqOptions.DEFAULT);
    while (toy.server.started.stream().filter(line -> line.startsWith("P ")).count() < 2) toy.server.step();
    toy.server.run(toy.server.open(List.of("j"), NO_DEPS));
    toy.server.run(waits);
    assertTrue(toy.server.done.get(waits).ok());
    assertEquals("1", toy.disk.read("j"));
  }

  /** The job that makes the dep was up to date, until another command found another one of its files missing. */
  @Test
  void jobIsNotRunAgainWhileTheJobOfItsDepIs() {
    for (int seed = 0; seed < 20; seed++) {
      Toy toy =
          new Toy()
              .rule(
                  RuleSketch.rule("Two").target("A", "a").target("B", "b"),
                  "Two",
                  (stem, acts) -> {
                    for (int i = 0; i < 8; i++) acts.exists("never" + i);
                    write(acts, "a", "a");
                    write(acts, "b", "b");
                  })
              .rule(
                  RuleSketch.rule("C").target("C", "c").dep("B", "b"),
                  "C",
                  (stem, acts) -> {
                    for (int i = 0; i < 4; i++) acts.exists("no" + i);
                    write(acts, "c", "" + acts.read("b"));
                  });
      toy.server = new SimServer(toy, toy.disk, new Random(seed), 0);
      toy.build("c");
      toy.disk.remove("a");
      toy.rules.put("C", RuleSketch.rule("C").target("C", "c").dep("B", "b").cmd("other"));
      toy.server.readRules();
      toy.server.watcher =
          new SimServer.Watcher() {
            @Override
            public void starts(Action.Start start, String name) {
              assertTrue(!name.startsWith("C") || toy.disk.read("b") != null, "b is not made when c is");
            }
          };
      int first = toy.server.open(List.of("c"), ReqOptions.DEFAULT);
      for (int starts = toy.server.started.size(); toy.server.started.size() == starts; ) toy.server.step();
      toy.build("a");
      toy.server.run(first);
      assertEquals("b", toy.disk.read("c"));
    }
  }
}

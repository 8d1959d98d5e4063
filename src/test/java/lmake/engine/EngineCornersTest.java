package lmake.engine;

import static lmake.engine.ActsToy.write;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import lmake.base.Crc;
import lmake.engine.Event.FileKind;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.TargetFlags;
import lmake.rules.RuleSketch;
import org.junit.jupiter.api.Test;

/** Cases where several things meet, found by the simulator: each is kept here by what caused it. */
class EngineCornersTest {
  private static final ReqOptions NO_DEPS =
      new ReqOptions(false, false, 0, 0, 0, true, false, false, false, false, false, false);

  @Test
  void depInErrorThatNobodyEverWroteIsTheSameEachTimeItIsTold() {
    ActsToy toy =
        new ActsToy()
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

  /** It gave up over its deps, and a dep before those that make the loop is in error now: it will read that one again first. */
  @Test
  void jobThatGaveUpOverItsDepsIsFreedFromALoopByAnErrorThatComesFirst() {
    ActsToy toy =
        new ActsToy()
            .rule(
                RuleSketch.rule("Reads").target("A", "a"),
                "Reads",
                (stem, acts) -> {
                  acts.read("src");
                  acts.read("d");
                  acts.read("other");
                  acts.checkDeps(true);
                  write(acts, "a", "a");
                })
            .rule(
                RuleSketch.rule("Asks").target("D", "d"),
                "Asks",
                (stem, acts) -> {
                  acts.tell(List.of("a"), DepFlags.IGNORE_ERROR);
                  write(acts, "d", "d");
                })
            .source("src", "1")
            .source("other", "1");
    toy.disk.remove("other");
    toy.build("a");
    toy.build("d");
    assertFalse(toy.ok); // a real loop
    toy.disk.remove("src");
    toy.build("d");
    assertTrue(toy.ok);
    assertEquals("d", toy.disk.read("d"));
  }

  @Test
  void whoOnlyLookedWhetherAFileIsALinkRunsAgainOnceItsDirIsAMissingSource() {
    ActsToy toy =
        new ActsToy()
            .rule(
                RuleSketch.rule("Look").target("A", "a"),
                "Look",
                (stem, acts) -> write(acts, "a", "" + acts.readlink("dir/file")))
            .source("dir/file", "1");
    toy.build("a");
    assertTrue(toy.ok);
    toy.disk.remove("dir/file");
    toy.sources.remove("dir/file");
    toy.source("dir", "1").disk.remove("dir");
    toy.server().readRules();
    toy.build("a");
    assertFalse(toy.ok);
  }

  /** From nothing, the job would not meet the link at all, and do without what it leads to. */
  @Test
  void whatLiesBelowAMissingSourceThatWasALinkIsInErrorFromNothingToo() {
    for (boolean fromNothing : new boolean[] {false, true}) {
      ActsToy toy =
          new ActsToy()
              .rule(
                  RuleSketch.rule("Look").target("A", "a"),
                  "Look",
                  (stem, acts) -> write(acts, "a", acts.exists("ld/x") ? acts.read("ld/x") : "none"))
              .source("d/x", "1")
              .link("ld", "d");
      if (!fromNothing) {
        toy.build("a");
        assertEquals("1", toy.disk.read("a"));
      }
      toy.disk.remove("ld");
      toy.build("a");
      assertFalse(toy.ok, fromNothing ? "from nothing" : "again");
    }
  }

  /** Named in one call, so that neither comes first; but which file the second one is, the first one says. */
  @Test
  void errorOfWhatWasFoundThroughALinkNamedWithItCountsOnlyWhileTheLinkIsWhatItWas() {
    ActsToy toy =
        new ActsToy()
            .rule(
                RuleSketch.rule("Need").target("A", "a"),
                "Need",
                (stem, acts) -> {
                  acts.need(List.of("ld", "ld/x"), DepFlags.REQUIRED);
                  write(acts, "a", "a");
                })
            .source("gone", "1")
            .source("d/x", "1")
            .link("ld", "gone");
    toy.disk.remove("gone");
    toy.build("a");
    assertFalse(toy.ok);
    toy.disk.write("ld", "d", FileKind.LINK);
    assertEquals(1, toy.build("a").size());
    assertTrue(toy.ok);
  }

  /** Its star could make a file of the dir of what it reads, and does not: that was never made, nor missed. */
  @Test
  void depBelowWhatAStarOfTheSameJobCouldMakeIsMadeForIt() {
    for (boolean asks : new boolean[] {false, true}) {
      ActsToy toy =
          new ActsToy()
              .rule(
                  RuleSketch.rule("Gen").target("G", "gen").target("S", "out/{F*:[^/]*}"),
                  "Gen",
                  (stem, acts) -> {
                    if (asks) acts.build(List.of("out/a/b"), 0);
                    write(acts, "gen", "" + acts.read("out/a/b"));
                    write(acts, "out/x", "x");
                  })
              .rule(
                  RuleSketch.rule("Other").target("B", "out/a/b").dep("SRC", "src").prio(1),
                  "Other",
                  (stem, acts) -> write(acts, "out/a/b", acts.read("src")))
              .source("src", "1");
      toy.build("gen");
      assertTrue(toy.ok);
      assertEquals("1", toy.disk.read("gen"));
      toy.disk.write("src", "2");
      toy.build("gen");
      assertEquals("2", toy.disk.read("gen"));
      assertEquals(List.of(), toy.build("gen", "out/a/b"));
    }
  }

  private static ActsToy asksForSum() {
    return new ActsToy()
        .rule(
            RuleSketch.rule("Ask").target("A", "ask"),
            "Ask",
            (stem, acts) -> write(acts, "ask", acts.tell(List.of("src"), 0).get(0)))
        .source("src", "1");
  }

  private static String sum(String content) {
    return "ok " + Crc.show(SimDisk.crc(content)) + " src";
  }

  @Test
  void sumThatWasToldIsWhatTheJobDependsOnThoughTheSourceIsEditedBeforeTheAccessIsNoted() {
    ActsToy toy = asksForSum();
    int req = toy.server().open(List.of("src", "ask"), ReqOptions.DEFAULT);
    while (!toy.server().said.contains("new src")) toy.server().step(); // from now on an answer can be given
    toy.disk.write("src", "2");
    toy.server().run(req);
    assertFalse(toy.server().done.get(req).ok());
    assertEquals(sum("1"), toy.disk.read("ask"));
    assertEquals(List.of("Ask"), rulesOf(toy.server().started)); // told the same again, it would learn nothing
    toy.build("ask");
    assertTrue(toy.ok);
    assertEquals(sum("2"), toy.disk.read("ask"));
    assertEquals(List.of(), toy.build("ask"));
  }

  @Test
  void sourceRemovedWhileItsJobRunsIsAnErrorAndNoReasonToRunAgainAndAgain() {
    ActsToy toy =
        new ActsToy()
            .rule(
                RuleSketch.rule("Copy").target("C", "copy"),
                "Copy",
                (stem, acts) -> {
                  for (int i = 0; i < 20; i++) acts.exists("never" + i);
                  write(acts, "copy", "" + acts.read("src"));
                })
            .source("src", "1");
    int req = toy.server().open(List.of("src", "copy"), ReqOptions.DEFAULT);
    while (!toy.server().said.contains("new src")) toy.server().step();
    toy.disk.remove("src");
    toy.server().run(req);
    assertFalse(toy.server().done.get(req).ok());
    assertEquals(List.of("Copy"), rulesOf(toy.server().started));
    toy.disk.write("src", "1");
    toy.build("copy");
    assertTrue(toy.ok);
    assertEquals("1", toy.disk.read("copy"));
  }

  @Test
  void answerThatWasWrongForOneCommandIsNotForgottenForALaterOne() {
    ActsToy toy =
        new ActsToy()
            .rule(
                RuleSketch.rule("Ask").target("A", "ask"),
                "Ask",
                (stem, acts) -> {
                  boolean right = acts.build(List.of("src"), 0);
                  acts.tell(List.of("src"), 0);
                  write(acts, "ask", "" + right);
                })
            .source("src", "1");
    int req = toy.server().open(List.of("ask"), ReqOptions.DEFAULT);
    toy.disk.write("src", "2"); // before the command has looked at it
    toy.server().run(req);
    assertFalse(toy.server().done.get(req).ok());
    toy.build("ask");
    assertTrue(toy.ok);
    assertEquals("true", toy.disk.read("ask"));
    assertEquals(List.of(), toy.build("ask"));
  }

  @Test
  void jobThatAsksWhetherItsDepsAreRightIsNotEndedForOneInError() {
    ActsToy toy =
        new ActsToy()
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
    ActsToy toy =
        new ActsToy()
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
    ActsToy toy =
        new ActsToy()
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

  @Test
  void fileOfAJobInErrorThatIsGoneIsNoReasonToRunAgainAndAgain() {
    ActsToy toy =
        new ActsToy()
            .rule(
                RuleSketch.rule("Bad").target("B", "bad"),
                "Bad",
                (stem, acts) -> write(acts, "bad", acts.read("list")))
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
    toy.disk.remove("bad");
    List<String> ran = toy.build("ask");
    assertEquals(List.of("Ask"), rulesOf(ran));
    assertEquals("error", toy.disk.read("ask"));
    assertEquals(List.of(), toy.build("ask"));
    toy.disk.write("list", "x");
    toy.build("ask", "bad");
    assertEquals("ok", toy.disk.read("ask"));
    assertEquals("x", toy.disk.read("bad"));
  }

  /** For one command the job waits for its old deps; another one runs it without looking at them, and it has new ones. */
  @Test
  void jobFreedFromALoopForgetsWhatItWaitedForWithItsFormerDeps() {
    ActsToy toy =
        new ActsToy()
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

  /** One that was ended by its own question, in a loop; {@code edit} is what frees it. */
  private static void freesAJobThatAsked(java.util.function.Consumer<ActsToy> edit) {
    ActsToy toy =
        new ActsToy()
            .rule(
                RuleSketch.rule("Ask").target("A", "ask"),
                "Ask",
                (stem, acts) -> {
                  String read = acts.read(acts.read("which"));
                  acts.checkDeps(true);
                  write(acts, "ask", "" + read);
                })
            .rule(RuleSketch.rule("Use").target("U", "use"), "Use", (stem, acts) -> write(acts, "use", "" + acts.read("ask")))
            .source("which", "use")
            .source("given", "1");
    toy.build("ask");
    assertFalse(toy.ok);
    assertEquals(List.of(), toy.build("ask"), "the loop is real");
    edit.accept(toy);
    toy.build("ask");
    assertTrue(toy.ok);
    assertEquals("1", toy.disk.read("ask"));
  }

  @Test
  void jobOfALoopThatWasEndedByItsOwnQuestionRunsOnceADepBeforeTheLoopHasChanged() {
    freesAJobThatAsked(toy -> toy.disk.write("which", "given"));
  }

  @Test
  void jobOfALoopThatWasEndedByItsOwnQuestionRunsOnceItsCommandHasChanged() {
    freesAJobThatAsked(
        toy -> {
          toy.recipes.put("Ask", (stem, acts) -> write(acts, "ask", acts.read("given")));
          toy.rules.put("Ask", RuleSketch.rule("Ask").target("A", "ask").cmd("other"));
          toy.server().readRules();
        });
  }

  @Test
  void jobOfALoopWaitsForTheLookAtADepBeforeIt() {
    ActsToy toy =
        new ActsToy()
            .rule(
                RuleSketch.rule("J").target("J", "j"),
                "J",
                (stem, acts) -> {
                  for (int i = 0; i < 20; i++) acts.exists("never" + i);
                  write(acts, "j", "" + acts.read(acts.read("which").strip()));
                })
            .rule(RuleSketch.rule("P").target("P", "p"), "P", (stem, acts) -> write(acts, "p", "" + acts.read(acts.read("list"))))
            .source("which", "p")
            .source("list", "given")
            .source("given", "1");
    int req = toy.server().open(List.of("which", "j"), ReqOptions.DEFAULT);
    while (toy.server().started.size() < 3) toy.server().step();
    toy.disk.write("which", "p ");
    toy.server().run(req);
    assertFalse(toy.server().done.get(req).ok(), "what it read is not known yet");
    toy.disk.write("which", "given");
    toy.disk.write("list", "j");
    toy.build("j");
    assertTrue(toy.ok, toy.server().said.toString());
    assertEquals("1", toy.disk.read("j"));
  }

  /** The first words of lines that tell of jobs. */
  private static List<String> rulesOf(List<String> lines) {
    return lines.stream().map(line -> line.split(" ")[0]).toList();
  }

  @Test
  void jobThatWasKilledStartsOnceTheDepsOfTheRunBeforeAreBuilt() {
    ActsToy toy =
        new ActsToy()
            .rule(RuleSketch.rule("Gen").target("G", "gen"), "Gen", (stem, acts) -> write(acts, "gen", acts.read("src")))
            .rule(
                RuleSketch.rule("Use").target("U", "use"),
                "Use",
                (stem, acts) -> {
                  acts.read("first");
                  write(acts, "use", acts.read("gen"));
                })
            .source("src", "1")
            .source("first", "1");
    toy.build("use");
    toy.disk.write("first", "2");
    int from = toy.server().started.size();
    int req = toy.server().open(List.of("use"), ReqOptions.DEFAULT);
    while (toy.server().started.size() == from) toy.server().step();
    toy.server().kill(req);
    toy.server().run(req);
    toy.disk.write("src", "2");
    assertEquals(List.of("Gen", "Use"), rulesOf(toy.build("use")));
    assertEquals("2", toy.disk.read("use"));
  }

  /** A job that is lost is lost with its agent. */
  private static Random agentsDie() {
    return new Random(1) {
      @Override
      public boolean nextBoolean() {
        return false;
      }
    };
  }

  /** A job makes the file that a source names, and is lost with its agent; the source then names another. */
  private static ActsToy lostAfterItsFile() {
    ActsToy toy =
        new ActsToy()
            .rule(
                RuleSketch.rule("Star").target("S", "out/{N*:[0-9]}"),
                "Star",
                (stem, acts) -> {
                  write(acts, "out/" + acts.read("which"), acts.read("more"));
                  acts.read("last");
                })
            .source("which", "1")
            .source("more", "1")
            .source("last", "1");
    toy.server = new SimServer(toy, toy.disk, agentsDie(), 0);
    toy.build("out/1");
    toy.disk.write("more", "2");
    int from = toy.server().started.size();
    int req = toy.server().open(List.of("out/2"), ReqOptions.DEFAULT);
    while (!"2".equals(toy.disk.read("out/1"))) toy.server().step();
    toy.disk.write("which", "2");
    toy.server().lossRate = 1;
    while (toy.server().started.size() == from + 1 && !toy.server().done.containsKey(req)) toy.server().step();
    toy.server().lossRate = 0;
    toy.server().run(req);
    return toy;
  }

  @Test
  void jobLostOnceRunsAgain() {
    ActsToy toy =
        new ActsToy()
            .rule(RuleSketch.rule("Copy").target("C", "copy"), "Copy", (stem, acts) -> write(acts, "copy", acts.read("src")))
            .source("src", "1");
    toy.server = new SimServer(toy, toy.disk, agentsDie(), 1);
    int req = toy.server().open(List.of("copy"), ReqOptions.DEFAULT);
    while (toy.server().started.size() < 2 && !toy.server().done.containsKey(req)) toy.server().step();
    toy.server().lossRate = 0;
    toy.server().run(req);
    assertTrue(toy.server().done.get(req).ok());
    assertEquals(List.of("Copy", "Copy"), rulesOf(toy.server().started));
  }

  @Test
  void starFileOfALostRunIsWashedByTheNextOne() {
    ActsToy toy = lostAfterItsFile();
    toy.build("out/2");
    assertTrue(toy.ok);
    assertEquals(null, toy.disk.read("out/1"));
  }

  @Test
  void jobThatAsksWhetherItsDepsAreRightIsEndedForOneThatIsNot() {
    List<Boolean> wentOn = new ArrayList<>();
    ActsToy toy =
        new ActsToy()
            .rule(RuleSketch.rule("Gen").target("G", "gen"), "Gen", (stem, acts) -> write(acts, "gen", acts.read("src")))
            .rule(
                RuleSketch.rule("Ask").target("A", "ask"),
                "Ask",
                (stem, acts) -> {
                  String content = acts.read("gen");
                  for (int i = 0; i < 30; i++) acts.exists("never" + i); // long enough for the other to end
                  acts.checkDeps(true);
                  wentOn.add("2".equals(content));
                  write(acts, "ask", content);
                })
            .source("src", "1");
    toy.build("gen");
    toy.disk.write("src", "2");
    toy.build("ask", "gen");
    assertTrue(toy.ok);
    assertEquals(List.of("Gen", "Ask", "Gen", "Ask"), rulesOf(toy.server().started));
    assertEquals("2", toy.disk.read("ask"));
    assertFalse(wentOn.contains(false));
  }

  @Test
  void jobThatAsksWhetherItsDepsAreRightIsNotEndedForAnEditedFileOfOneInError() {
    List<String> wentOn = new ArrayList<>();
    boolean[] edit = {false};
    ActsToy toy = new ActsToy();
    toy.rule(
            RuleSketch.rule("Bad").target("B", "bad"),
            "Bad",
            (stem, acts) -> {
              write(acts, "bad", "made");
              acts.fail();
            })
        .rule(
            RuleSketch.rule("Ask").target("A", "ask"),
            "Ask",
            (stem, acts) -> {
              acts.read("go");
              if (edit[0]) toy.disk.write("bad", "edited");
              acts.read("bad");
              acts.checkDeps(true);
              if (edit[0]) wentOn.add(acts.read("bad"));
              write(acts, "ask", "");
            })
        .source("go", "1");
    toy.build("ask");
    toy.disk.write("go", "2");
    edit[0] = true;
    List<String> ran = toy.build("ask");
    assertEquals(List.of("Ask"), rulesOf(ran), ran.toString());
    assertEquals(List.of("edited"), wentOn);
  }

  @Test
  void sourceEditedWithinThePrecisionOfItsDateIsReadAgain() {
    ActsToy toy =
        new ActsToy()
            .rule(RuleSketch.rule("Copy").target("C", "copy"), "Copy", (stem, acts) -> write(acts, "copy", acts.read("src")))
            .source("src", "1");
    toy.build("copy");
    toy.server().graph.setFlag(toy.server().graph.node("src"), Graph.HOT, true); // it was young when it was looked at
    SimDisk.Version before = toy.disk.files.get("src");
    toy.disk.files.put("src", new SimDisk.Version("3", before.sig(), before.date(), before.kind()));
    toy.build("copy");
    assertEquals("3", toy.disk.read("copy"));
  }

  @Test
  void onlyAJobInErrorRunsAgainWhenItsResourcesChange() {
    ActsToy toy =
        new ActsToy()
            .rule(RuleSketch.rule("Bad").target("B", "bad").attr("timeout", 1), "Bad", (stem, acts) -> acts.fail())
            .rule(RuleSketch.rule("Good").target("G", "good").attr("timeout", 1), "Good", (stem, acts) -> write(acts, "good", ""));
    toy.build("bad", "good");
    assertEquals(List.of(), toy.build("bad", "good"));
    toy.rules.put("Bad", RuleSketch.rule("Bad").target("B", "bad").attr("timeout", 2));
    toy.rules.put("Good", RuleSketch.rule("Good").target("G", "good").attr("timeout", 2));
    toy.server().readRules();
    assertEquals(List.of("Bad"), rulesOf(toy.build("bad", "good")));
  }

  @Test
  void depOfWhichNobodyKnowsWhatWasReadMakesTheJobRunAgain() {
    ActsToy toy =
        new ActsToy()
            .rule(RuleSketch.rule("Copy").target("C", "copy"), "Copy", (stem, acts) -> write(acts, "copy", acts.read("src")))
            .source("src", "1");
    toy.build("copy");
    Graph graph = toy.server().graph;
    int job = graph.writer(graph.node("copy"));
    DepVector deps = graph.deps(job);
    graph.setDeps(job, deps.with(0, deps.bits(0) | DepVector.HOT, deps.value(0)));
    assertEquals(List.of("Copy"), rulesOf(toy.build("copy")));
    assertEquals(List.of(), toy.build("copy"));
  }

  @Test
  void depInErrorThatTheJobMayNoLongerReadDoesNotKeepItFromRunning() {
    ActsToy toy =
        new ActsToy()
            .rule(
                RuleSketch.rule("Gen").target("G", "gen"),
                "Gen",
                (stem, acts) -> {
                  write(acts, "gen", "made");
                  if (acts.read("how").equals("fail")) acts.fail();
                })
            .rule(
                RuleSketch.rule("Use").target("U", "use"),
                "Use",
                (stem, acts) -> write(acts, "use", acts.read(acts.read("which"))))
            .source("how", "well")
            .source("which", "gen")
            .source("plain", "given");
    toy.build("use");
    assertEquals("made", toy.disk.read("use"));
    toy.disk.write("how", "fail");
    toy.disk.write("which", "plain");
    toy.build("use");
    assertTrue(toy.ok);
    assertEquals("given", toy.disk.read("use"));
  }

  @Test
  void jobRunsAgainWhenATargetNobodyAsksForIsKnownToBeSpoilt() {
    ActsToy toy =
        new ActsToy()
            .rule(
                RuleSketch.rule("Pair").target("A", "a").target("B", "b"),
                "Pair",
                (stem, acts) -> {
                  write(acts, "a", "right");
                  write(acts, "b", "right");
                })
            .rule(
                RuleSketch.rule("Evil").target("E", "evil"),
                "Evil",
                (stem, acts) -> {
                  write(acts, "b", "wrong");
                  write(acts, "evil", "");
                });
    toy.build("a");
    toy.build("evil");
    assertEquals(List.of("Pair  : TARGET_POLLUTED"), toy.build("a"));
    assertEquals("right", toy.disk.read("b"));
  }

  @Test
  void fileThatAnotherRuleMadeMeanwhileIsMadeAgain() {
    ActsToy toy =
        new ActsToy()
            .rule(RuleSketch.rule("One").target("X", "x"), "One", (stem, acts) -> write(acts, "x", "one"))
            .rule(RuleSketch.rule("Two").target("Y", "x"), "Two", (stem, acts) -> write(acts, "x", "two"));
    RuleSketch one = toy.rules.get("One");
    RuleSketch two = toy.rules.remove("Two");
    toy.build("x");
    toy.rules.remove("One");
    toy.rules.put("Two", two);
    toy.server().readRules();
    toy.build("x");
    assertEquals("two", toy.disk.read("x"));
    toy.rules.remove("Two");
    toy.rules.put("One", one);
    toy.server().readRules();
    toy.build("x");
    assertEquals("one", toy.disk.read("x"));
  }

  @Test
  void starFileNoLongerMadeIsKnownToBeNoMore() {
    ActsToy toy =
        new ActsToy()
            .rule(
                RuleSketch.rule("Star").target("S", "out/{N*:[0-9]}"),
                "Star",
                (stem, acts) -> write(acts, "out/" + acts.read("which"), ""))
            .source("which", "1");
    toy.build("out/1");
    toy.disk.write("which", "2");
    toy.build("out/2");
    int gone = toy.server().graph.node("out/1");
    assertEquals(Crc.NONE, toy.server().graph.crc(gone));
    assertFalse(toy.server().graph.has(gone, Graph.BUSY));
  }

  @Test
  void fileSpoiltByAnotherJobIsNotKeptAsTheUsers() {
    ActsToy toy =
        new ActsToy()
            .rule(RuleSketch.rule("Good").target("G", "good"), "Good", (stem, acts) -> write(acts, "good", "right"))
            .rule(
                RuleSketch.rule("Evil").target("E", "evil"),
                "Evil",
                (stem, acts) -> {
                  write(acts, "good", "wrong");
                  write(acts, "evil", "");
                });
    toy.build("good");
    toy.build("evil");
    assertFalse(toy.ok);
    assertEquals(List.of("Good  : TARGET_POLLUTED"), toy.build("good"));
    assertEquals("right", toy.disk.read("good"));
    assertEquals(List.of(), toy.server().quarantined);
  }

  /** As when all is built from nothing: nobody asks for such a file before the job that reads it has written it. */
  @Test
  void sourceThatWasMissingIsThereOnceTheJobThatReadsItHasWrittenIt() {
    ActsToy toy =
        new ActsToy()
            .source("d", "1")
            .source("w", "w1")
            .rule(
                RuleSketch.rule("R").target("R", "r").sideTarget("W", "w", TargetFlags.SOURCE_OK | TargetFlags.OPTIONAL),
                "R",
                (stem, acts) -> {
                  String d = acts.read("d");
                  if (!("w" + d).equals(acts.former("w"))) write(acts, "w", "w" + d);
                  write(acts, "r", d);
                });
    toy.build("r");
    toy.disk.sleep();
    toy.disk.write("d", "2");
    toy.disk.remove("w");
    toy.build("r");
    assertTrue(toy.ok);
    assertEquals("w2", toy.disk.read("w"));
    assertEquals(List.of(), toy.build("r"));
    toy.disk.remove("w");
    assertEquals(List.of(), toy.build("r"), "nothing else makes it run");
    assertFalse(toy.ok);
  }

  /** The job that makes the dep was up to date, until another command found another one of its files missing. */
  @Test
  void jobIsNotRunAgainWhileTheJobOfItsDepIs() {
    for (int seed = 0; seed < 20; seed++) {
      ActsToy toy =
          new ActsToy()
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

  /** Its own dir is no dir while it makes it: nobody can make what lies below, and it would wait for itself. */
  private static ActsToy belowItself(java.util.function.Function<SimActs, String> ask) {
    return new ActsToy().rule(RuleSketch.rule("Own").target("O", "own"), "Own", (stem, acts) -> write(acts, "own", ask.apply(acts)));
  }

  @Test
  void jobThatAsksForWhatLiesBelowItsOwnTargetIsToldThatNothingIsWrong() {
    ActsToy toy = belowItself(acts -> "" + acts.build(List.of("own/f"), 0));
    assertEquals(List.of("Own  : NEVER_RUN"), toy.build("own"));
    assertTrue(toy.ok);
    assertEquals("true", toy.disk.read("own"));
    assertEquals(List.of(), toy.build("own"));
  }

  @Test
  void jobIsToldThatNothingStandsBelowItsOwnTarget() {
    ActsToy toy = belowItself(acts -> acts.tell(List.of("own/f"), 0).get(0).split(" ")[0]);
    assertEquals(List.of("Own  : NEVER_RUN"), toy.build("own"));
    assertTrue(toy.ok);
    assertEquals("ok", toy.disk.read("own"));
    assertEquals(List.of(), toy.build("own"));
  }

  @Test
  void jobThatReadBelowItsOwnTargetIsNotEndedWhenItAsksWhetherItsDepsAreRight() {
    ActsToy toy =
        belowItself(
            acts -> {
              String read = "" + acts.read("own/f");
              acts.checkDeps(true);
              return read;
            });
    assertEquals(List.of("Own  : NEVER_RUN"), toy.build("own"));
    assertTrue(toy.ok);
    assertEquals("null", toy.disk.read("own"));
    assertEquals(List.of(), toy.build("own"));
  }

  @Test
  void depBelowItsOwnTargetThatAJobRequiresIsMissing() {
    ActsToy toy =
        belowItself(
            acts -> {
              acts.need(List.of("own/f"), DepFlags.REQUIRED);
              return "";
            });
    toy.build("own");
    assertFalse(toy.ok);
    assertEquals(List.of(), toy.build("own"));
    assertFalse(toy.ok);
  }

  /** A file that one job may make, and leaves to another one; both have another file to make. */
  private static ActsToy mayMakeAndFallback(
      int seed, BiConsumer<String, SimActs> first, BiConsumer<String, SimActs> second) {
    ActsToy toy =
        new ActsToy()
            .rule(
                RuleSketch.rule("May").target("G", "g").target("O", "o", TargetFlags.OPTIONAL).prio(1)
                    .resource("cpu", "1"),
                "May",
                (stem, acts) -> {
                  for (int i = 0; i < seed % 8; i++) acts.exists("never" + i);
                  first.accept(stem, acts);
                  write(acts, "g", "g");
                })
            .rule(
                RuleSketch.rule("Else").target("O", "o", seed % 2 * TargetFlags.OPTIONAL).target("E", "e")
                    .resource("cpu", "1"),
                "Else",
                (stem, acts) -> {
                  for (int i = 0; i < seed % 7; i++) acts.exists("no" + i);
                  write(acts, "e", "e");
                  second.accept(stem, acts);
                  write(acts, "o", "else");
                })
            .source("list", "1");
    toy.cpus = 1 + seed / 8 % 2; // one of them is washed when it starts, which is when the other one has ended
    toy.server = new SimServer(toy, toy.disk, new Random(seed), 0);
    return toy;
  }

  private static void nothing(String stem, SimActs acts) {}

  /** To start cleanly it removes the file it might make, and another job has just made. */
  @Test
  void jobThatMayMakeAFileRunsOnceMoreWithoutTakingAwayWhatAnotherOneMadeMeanwhile() {
    for (int seed = 0; seed < 100; seed++) {
      ActsToy toy = mayMakeAndFallback(seed, EngineCornersTest::nothing, EngineCornersTest::nothing);
      toy.build("g", "o");
      toy.disk.remove("g");
      toy.disk.remove("o");
      toy.build("o", "g");
      assertTrue(toy.ok, "seed " + seed);
      assertEquals("else", toy.disk.read("o"), "seed " + seed);
      assertEquals(List.of(), toy.build("g", "o"), "seed " + seed);
      assertEquals("e", toy.disk.read("e"));
    }
  }

  @Test
  void fileIsThatOfTheJobThatNowMakesItThoughAnotherOneWasAboutTo() {
    for (int seed = 0; seed < 100; seed++) {
      boolean[] makes = {false};
      ActsToy toy =
          mayMakeAndFallback(
              seed,
              (stem, acts) -> {
                if (makes[0]) write(acts, "o", "may");
              },
              EngineCornersTest::nothing);
      toy.build("g", "o");
      toy.disk.remove("g");
      toy.disk.remove("o");
      makes[0] = true; // and nothing tells
      toy.build("o", "g");
      assertTrue(toy.ok, "seed " + seed);
      assertEquals("may", toy.disk.read("o"), "seed " + seed);
    }
  }

  @Test
  void jobDoesNotWaitForAnotherOneThatWaitsForIt() {
    for (int seed = 0; seed < 100; seed++) {
      ActsToy toy =
          mayMakeAndFallback(
              seed,
              EngineCornersTest::nothing,
              (stem, acts) -> {
                if (acts.read("list").equals("2")) acts.build(List.of("g"), 0);
              });
      toy.build("g", "o");
      toy.disk.sleep();
      toy.disk.remove("g");
      toy.disk.write("list", "2");
      toy.build("o");
      assertTrue(toy.ok, "seed " + seed);
      assertEquals("else", toy.disk.read("o"), "seed " + seed);
      assertEquals("g", toy.disk.read("g"), "seed " + seed);
      assertEquals(List.of(), toy.build("g", "o"), "seed " + seed);
    }
  }

  @Test
  void commandWhoseJobWaitsForThatOfAnotherOneIsInterruptedAtOnce() {
    ActsToy toy =
        mayMakeAndFallback(
            1,
            EngineCornersTest::nothing,
            (stem, acts) -> {
              for (int i = 0; i < 50; i++) acts.exists("slow" + i);
            });
    toy.build("g", "o");
    toy.disk.sleep();
    toy.disk.remove("g");
    toy.disk.remove("o");
    int first = toy.server().open(List.of("o"), ReqOptions.DEFAULT);
    for (int starts = toy.server().started.size(); toy.server().started.size() == starts; ) toy.server().step();
    int second = toy.server().open(List.of("g"), ReqOptions.DEFAULT);
    for (int i = 0; i < 20; i++) toy.server().step();
    assertEquals(List.of("Else  : TARGET_MISSING"), toy.server().started.subList(2, 3));
    assertEquals(3, toy.server().started.size(), "it waits for the file to be let go");
    toy.server().kill(second);
    assertTrue(toy.server().done.containsKey(second));
    assertFalse(toy.server().done.containsKey(first));
    toy.server().run(first);
    assertTrue(toy.server().done.get(first).ok());
    assertEquals("else", toy.disk.read("o"));
    toy.build("g", "o");
    assertTrue(toy.ok);
    assertEquals("else", toy.disk.read("o"));
  }
}

package lmake.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import lmake.base.Crc;
import lmake.graph.DepFlags;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import lmake.graph.TargetFlags;
import lmake.rules.RuleSketch;
import org.junit.jupiter.api.Test;

/** The decisions of the engine, case by case: rules and recipes of a few lines, builds, and what was said. */
class EngineTest {
  /** What a job of a rule does. */
  private interface Recipe {
    Map<String, String> run(String stem, Function<String, String> read);
  }

  /** Its recipes give what they write. */
  private static final class Toy extends ToyProject<Recipe, Toy> {
    @Override
    Toy self() {
      return this;
    }

    @Override
    public Map<String, String> recipe(String rule, String stem, Function<String, String> read) {
      return recipe(rule).run(stem, read);
    }

    int open(String... targets) {
      return server().open(Arrays.asList(targets), ReqOptions.DEFAULT);
    }

    /** What is said by a build of these targets. */
    String build(String... targets) {
      return build(ReqOptions.DEFAULT, targets);
    }

    String build(ReqOptions options, String... targets) {
      int from = server().said.size();
      run(options, targets);
      return String.join(", ", server().said.subList(from, server().said.size()));
    }
  }

  private static Map<String, String> file(String name, String content) {
    return Map.of(name, content == null ? "-" : content);
  }

  /** {@code x.up} is made from {@code x.src}, declared. */
  private static Toy up() {
    return new Toy()
        .rule(
            RuleSketch.rule("Up").target("UP", "{F:[a-z]+}.up").dep("SRC", "{F}.src"),
            "Up",
            (stem, read) -> file(stem + ".up", read.apply(stem + ".src")))
        .source("a.src", "1")
        .source("b.src", "1");
  }

  /** {@code x.dyn} reads {@code x.up} without declaring it. */
  private static Toy dyn() {
    return up()
        .rule(
            RuleSketch.rule("Dyn").target("DYN", "{F:[a-z]+}.dyn"),
            "Dyn",
            (stem, read) -> file(stem + ".dyn", read.apply(stem + ".up")));
  }

  @Test
  void buildsStaticDepsFirstAndRunsNothingTheSecondTime() {
    Toy toy = up();
    assertEquals("new a.src, done Up a", toy.build("a.up"));
    assertTrue(toy.ok);
    assertEquals("", toy.build("a.up"));
  }

  @Test
  void sourceWithNewDateAndSameBytesIsSteadyAndRerunsNothing() {
    Toy toy = up();
    toy.build("a.up");
    toy.disk.write("a.src", "1");
    assertEquals("steady a.src", toy.build("a.up"));
  }

  @Test
  void identicalOutputStopsTheRebuild() {
    Toy toy =
        up().rule(
                RuleSketch.rule("Const").target("C", "{F:[a-z]+}.const").dep("UP", "{F}.up"),
                "Const",
                (stem, read) -> {
                  read.apply(stem + ".up");
                  return file(stem + ".const", "same");
                })
            .rule(
                RuleSketch.rule("OnConst").target("C", "{F:[a-z]+}.onconst").dep("C0", "{F}.const"),
                "OnConst",
                (stem, read) -> file(stem + ".onconst", read.apply(stem + ".const")));
    toy.build("a.onconst");
    toy.disk.write("a.src", "2");
    assertEquals("changed a.src, done Up a, steady Const a", toy.build("a.onconst"));
  }

  @Test
  void hiddenDepThatIsNotBuiltYetMakesTheJobRunAgain() {
    assertEquals("new a.src, may_rerun Dyn a, done Up a, done Dyn a", dyn().build("a.dyn"));
  }

  @Test
  void hiddenDepThatTurnsOutAsSeenConfirmsTheJob() {
    Toy toy = dyn();
    toy.build("a.dyn");
    toy.disk.write("a.src", "2");
    toy.build("b.up");
    // The job runs for its own sake, reads the old a.up, which is then rebuilt with the same bytes.
    toy.rules.put("Dyn", RuleSketch.rule("Dyn").target("DYN", "{F:[a-z]+}.dyn").cmd("other"));
    toy.recipes.put("Up", (stem, read) -> {
      read.apply(stem + ".src");
      return file(stem + ".up", "1");
    });
    toy.server().readRules();
    assertEquals("changed a.src, steady Up a, steady Dyn a", toy.build("a.dyn"));
  }

  @Test
  void absentFileThatARuleMakesLaterRerunsItsReader() {
    Toy toy =
        new Toy()
            .rule(
                RuleSketch.rule("Probe").target("P", "probe"),
                "Probe",
                (stem, read) -> file("probe", read.apply("maybe")));
    assertEquals("done Probe ", toy.build("probe"));
    toy.source("maybe", "there");
    toy.server().readRules();
    assertEquals("new maybe, done Probe ", toy.build("probe"));
    assertEquals("there", toy.disk.read("probe"));
  }

  @Test
  void ruleWhoseStaticDepNobodyMakesStepsAside() {
    Toy toy =
        up().rule(
            RuleSketch.rule("Low").target("UP", "{F:[a-z]+}.up").prio(-1),
            "Low",
            (stem, read) -> file(stem + ".up", "low"));
    assertEquals("done Low c", toy.build("c.up"));
    assertEquals("new a.src, done Up a", toy.build("a.up"));
  }

  @Test
  void twoSureRulesOfEqualPriorityRunNothing() {
    Toy toy =
        up().rule(RuleSketch.rule("Twin").target("T", "a.up"), "Twin", (stem, read) -> file("a.up", "twin"));
    assertEquals("multi a.up", toy.build("a.up"));
    assertFalse(toy.ok);
  }

  @Test
  void targetOfNoRuleFails() {
    Toy toy = up();
    assertEquals("", toy.build("nothing"));
    assertFalse(toy.ok);
  }

  @Test
  void starTargetNotMadeLetsTheLowerRuleMakeIt() {
    Toy toy =
        new Toy()
            .source("n", "2")
            .rule(
                RuleSketch.rule("Split").target("D", "d/{N*:[0-9]}").dep("SRC", "n"),
                "Split",
                (stem, read) -> {
                  Map<String, String> files = new HashMap<>();
                  for (int i = 0; i < Integer.parseInt(read.apply("n")); i++) files.put("d/" + i, "split");
                  return files;
                })
            .rule(
                RuleSketch.rule("Other").target("D", "d/{N:[0-9]}").prio(-1),
                "Other",
                (stem, read) -> file("d/" + stem, "other"));
    assertEquals("new n, done Split , done Other 7", toy.build("d/1", "d/7"));
    assertEquals("split", toy.disk.read("d/1"));
    toy.disk.write("n", "1");
    assertEquals("changed n, done Split , done Other 1", toy.build("d/1"));
    assertEquals("other", toy.disk.read("d/1"));
  }

  /** The higher rule removes, before it runs, the file that the lower one has just made for this very command. */
  @Test
  void runOfAHigherRuleForALostTargetHasTheLowerOneMakeItsFileAgain() {
    Toy toy =
        new Toy()
            .rule(
                RuleSketch.rule("High").target("G", "main").target("O", "opt", TargetFlags.OPTIONAL),
                "High",
                (stem, read) -> file("main", "high"))
            .rule(RuleSketch.rule("Low").target("O", "opt").prio(-1), "Low", (stem, read) -> file("opt", "low"));
    toy.build("opt", "main");
    for (int order = 0; order < 8; order++) {
      toy.disk.write("main", "by hand");
      toy.disk.write("opt", "by hand");
      toy.build("opt", "main");
      assertEquals("low", toy.disk.read("opt"));
      assertEquals("high", toy.disk.read("main"));
      assertTrue(toy.ok);
      assertEquals("", toy.build("opt", "main"));
    }
  }

  @Test
  void optionalTargetNotMadeIsNoError() {
    Toy toy =
        new Toy()
            .rule(
                RuleSketch.rule("Opt").target("M", "main").target("O", "opt", TargetFlags.OPTIONAL),
                "Opt",
                (stem, read) -> file("main", "x"));
    assertEquals("done Opt ", toy.build("main"));
    assertTrue(toy.ok);
    assertEquals("", toy.build("opt"));
    assertFalse(toy.ok);
  }

  @Test
  void fileOfALowerRuleIsMadeAgainWhenTheHigherOneRunsOnceMoreAndTakesItAway() {
    Toy toy =
        new Toy()
            .rule(
                RuleSketch.rule("High").target("M", "main").target("O", "opt", TargetFlags.OPTIONAL),
                "High",
                (stem, read) -> file("main", "x"))
            .rule(RuleSketch.rule("Low").target("O", "opt").prio(-1), "Low", (stem, read) -> file("opt", "low"))
            .rule(
                RuleSketch.rule("Late").target("L", "late"), "Late", (stem, read) -> file("late", read.apply("main")));
    toy.build("opt");
    toy.disk.remove("main");
    // opt is found right at once; that main is wanted is only known when Late has run.
    assertEquals("may_rerun Late , steady High , steady Low , done Late ", toy.build("opt", "late"));
    assertEquals("low", toy.disk.read("opt"));
  }

  @Test
  void jobInErrorIsRememberedAndRerunOnlyWhenAsked() {
    Toy toy =
        up().rule(
            RuleSketch.rule("Bad").target("B", "{F:[a-z]+}.bad").dep("UP", "{F}.up"), "Bad", (stem, read) -> null);
    assertEquals("new a.src, done Up a, failed Bad a", toy.build("a.bad"));
    assertEquals("", toy.build("a.bad"));
    assertFalse(toy.ok);
    ReqOptions forget = new ReqOptions(false, true, 0, 0, 0, false, false, false, false, false, false, false);
    assertEquals("failed Bad a", toy.build(forget, "a.bad"));
    ReqOptions retry = new ReqOptions(false, true, 2, 0, 0, false, false, false, false, false, false, false);
    assertEquals("failed Bad a, retry Bad a, failed Bad a, retry Bad a, failed Bad a", toy.build(retry, "a.bad"));
  }

  /** {@code top} reads what the words of {@code list} name, in order; {@code x.out} fails when its source says so. */
  private static Toy listed(int listFlags) {
    return new Toy()
        .source("list", "a.out b.out")
        .source("a.src", "1")
        .source("b.src", "1")
        .rule(
            RuleSketch.rule("Out").target("O", "{F:[a-z]}.out").dep("S", "{F}.src"),
            "Out",
            (stem, read) -> "bad".equals(read.apply(stem + ".src")) ? null : file(stem + ".out", "x"))
        .rule(
            RuleSketch.rule("Top").target("T", "top").dep("L", "list", listFlags),
            "Top",
            (stem, read) -> {
              String text = "";
              for (String name : read.apply("list").split(" ")) text += read.apply(name);
              return file("top", text);
            });
  }

  @Test
  void errorOfADepThatTheJobDropsIsSpeculative() {
    Toy toy = listed(0);
    toy.build("top");
    toy.disk.write("list", "a.out");
    toy.disk.write("b.src", "bad");
    // All that is known is built at once; that list changed is no reason to wait.
    assertEquals("changed list, changed b.src, failed? Out b, done Top ", toy.build("top"));
    assertTrue(toy.ok, "nobody needs what failed");
  }

  @Test
  void criticalDepThatChangedKeepsLaterOnesFromBeingBuilt() {
    Toy toy = listed(DepFlags.CRITICAL);
    toy.build("top");
    toy.disk.write("list", "a.out");
    toy.disk.write("b.src", "bad");
    assertEquals("changed list, done Top ", toy.build("top"));
    toy.disk.write("a.src", "2");
    assertEquals("changed a.src, steady Out a", toy.build("top"), "it is only critical when it changes");
  }

  @Test
  void criticalDepAsItWasLetsLaterOnesBeBuiltThoughTheJobMustRun() {
    Toy toy = listed(DepFlags.CRITICAL);
    toy.build("top");
    toy.disk.remove("b.out");
    toy.rules.put("Top", RuleSketch.rule("Top").target("T", "top").dep("L", "list", DepFlags.CRITICAL).cmd("new"));
    toy.server().readRules();
    assertEquals("steady Out b, steady Top ", toy.build("top"));
  }

  @Test
  void errorToldAsSpeculativeIsToldAgainOnceItCounts() {
    // a.out takes longer, through a chain, and turns out as it was.
    Toy toy =
        listed(0)
            .source("one", "1")
            .rule(RuleSketch.rule("Two").target("T", "two").dep("S", "one"), "Two", (s, r) -> file("two", r.apply("one")))
            .rule(RuleSketch.rule("Three").target("T", "three").dep("S", "two"), "Three", (s, r) -> file("three", r.apply("two") == null ? "" : "x"))
            .rule(RuleSketch.rule("User").target("U", "{F:[a-z]}.use").dep("O", "{F}.out"), "User",
                (stem, read) -> file(stem + ".use", "x"));
    toy.disk.write("list", "three b.use");
    toy.build("top");
    toy.disk.write("one", "2");
    toy.disk.write("b.src", "bad");
    String said = toy.build("top");
    assertTrue(said.contains("failed? Out b, "), said); // before or after Two is made: they run side by side
    assertEquals(
        "changed one, changed b.src, done Two , steady Three , was_failed Out b", said.replace("failed? Out b, ", ""));
    assertFalse(toy.ok);
  }

  @Test
  void errorBehindAnotherOneIsNotCertain() {
    Toy toy = listed(0);
    toy.build("top");
    toy.disk.write("a.src", "bad");
    assertEquals("changed a.src, failed Out a", toy.build("top"));
    toy.disk.write("b.src", "bad");
    assertEquals("changed b.src, failed? Out b", toy.build("top"));
    assertFalse(toy.ok);
    assertEquals("", toy.build("b.out"));
    toy.disk.write("b.src", "bad");
    assertEquals("steady b.src", toy.build("top", "b.out"));
  }

  @Test
  void errorOfATargetIsCertainWhoeverElseWantsIt() {
    Toy toy = listed(0);
    toy.build("top");
    toy.disk.write("list", "a.out");
    toy.disk.write("b.src", "bad");
    assertEquals("changed list, changed b.src, failed Out b, done Top ", toy.build("top", "b.out"));
    assertFalse(toy.ok);
  }

  @Test
  void retriesStopAtTheLimitOfRunsAndTheErrorStands() {
    Toy toy = up().rule(RuleSketch.rule("Bad").target("B", "bad"), "Bad", (stem, read) -> null);
    assertEquals("failed Bad , retry Bad , failed Bad ", toy.build(retry(5, 2), "bad"));
    assertEquals("retry Bad , failed Bad ", toy.build(retry(1, 0), "bad"), "the old error was the first trial");
  }

  @Test
  void failureWhoseDepsAreStillToBeBuiltIsNotRetriedBeforeTheyAre() {
    Toy toy =
        up().rule(
                RuleSketch.rule("Bad").target("B", "{F:[a-z]}.bad"),
                "Bad",
                (stem, read) -> read.apply(stem + ".up") == null ? null : file(stem + ".bad", "x"))
            .rule(RuleSketch.rule("No").target("N", "n.up"), "No", (stem, read) -> null)
            .rule(RuleSketch.rule("Opt").target("M", "m").target("N", "o.up", TargetFlags.OPTIONAL), "Opt",
                (stem, read) -> file("m", "x"));
    assertEquals("new a.src, may_rerun Bad a, done Up a, done Bad a", toy.build(retry(1, 0), "a.bad"));
    assertEquals("may_rerun Bad n, failed No , retry No , failed No , was_dep_error Bad n",
        toy.build(retry(1, 0), "n.bad"));
    assertEquals("may_rerun Bad o, done Opt , was_failed Bad o, retry Bad o, failed Bad o",
        toy.build(retry(1, 0), "o.bad"));
  }

  private static ReqOptions retry(int times, int maxRuns) {
    return new ReqOptions(false, false, times, maxRuns, 0, false, false, false, false, false, false, false);
  }

  @Test
  void dependentOfAJobInErrorDoesNotRun() {
    Toy toy =
        up().rule(RuleSketch.rule("Bad").target("B", "bad"), "Bad", (stem, read) -> null)
            .rule(
                RuleSketch.rule("Uses").target("U", "uses").dep("BAD", "bad"),
                "Uses",
                (stem, read) -> file("uses", "x"))
            .rule(
                RuleSketch.rule("Hides").target("H", "hides"),
                "Hides",
                (stem, read) -> file("hides", read.apply("bad")));
    assertEquals("failed Bad ", toy.build("uses"));
    assertFalse(toy.ok);
    assertEquals("dep_error Hides ", toy.build("hides"));
    assertFalse(toy.ok);
  }

  @Test
  void missingSourceIsAnErrorForItsDependents() {
    Toy toy = up();
    toy.disk.remove("a.src");
    assertEquals("missing a.src", toy.build("a.up"));
    assertFalse(toy.ok);
  }

  @Test
  void fileThatIsThereButNobodysIsAnError() {
    Toy toy =
        new Toy()
            .rule(RuleSketch.rule("Probe").target("P", "probe"), "Probe", (stem, read) -> file("probe", read.apply("x")));
    toy.disk.write("x", "untracked");
    assertEquals("dangling x, dep_error Probe ", toy.build("probe"));
    assertFalse(toy.ok);
    assertEquals("untracked", toy.disk.read("x"));
    toy.disk.remove("x");
    assertEquals("done Probe ", toy.build("probe"));
    assertTrue(toy.ok);
  }

  @Test
  void productWhoseRuleIsGoneIsRemovedWhenAskedFor() {
    Toy toy = up();
    toy.build("a.up");
    toy.rules.remove("Up");
    toy.server().readRules();
    assertEquals("unlink a.up", toy.build("a.up"));
    assertEquals(null, toy.disk.read("a.up"));
  }

  @Test
  void editedTargetIsMadeAgainWhenAskedForAndTouchedOneIsNot() {
    Toy toy = up();
    toy.build("a.up");
    toy.disk.write("a.up", "1");
    assertEquals("manual_steady a.up", toy.build("a.up"));
    toy.disk.write("a.up", "by hand");
    assertEquals("steady Up a", toy.build("a.up"));
    toy.disk.remove("a.up");
    assertEquals("steady Up a", toy.build("a.up"));
    assertEquals("1", toy.disk.read("a.up"));
  }

  @Test
  void editedIntermediateNotNeededOnDiskGoesUnnoticed() {
    Toy toy = dyn();
    toy.build("a.dyn");
    toy.disk.remove("a.up");
    assertEquals("", toy.build("a.dyn"));
    ReqOptions archive = new ReqOptions(true, false, 0, 0, 0, false, false, false, false, false, false, false);
    assertEquals("steady Up a", toy.build(archive, "a.dyn"));
  }

  @Test
  void cmdEditRerunsAndUnrelatedEditDoesNot() {
    Toy toy = up();
    toy.build("a.up");
    toy.rules.put("Up", RuleSketch.rule("Up").target("UP", "{F:[a-z]+}.up").dep("SRC", "{F}.src").cmd("new"));
    toy.server().readRules();
    assertEquals("steady Up a", toy.build("a.up"));
    toy.rules.put("More", RuleSketch.rule("More").target("M", "more"));
    toy.server().readRules();
    assertEquals("", toy.build("a.up"));
  }

  @Test
  void forcedJobRunsOnceInEachCommand() {
    Toy toy =
        up().rule(
                RuleSketch.rule("Force").target("T", "forced").attr("force", true),
                "Force",
                (stem, read) -> file("forced", "same"))
            .rule(
                RuleSketch.rule("After").target("T", "after").dep("F", "forced"),
                "After",
                (stem, read) -> file("after", read.apply("forced")));
    assertEquals("done Force , done After ", toy.build("after"));
    assertEquals("steady Force ", toy.build("after"));
  }

  @Test
  void sourceEditedWhileItsReaderRunsIsToldAndTheNextBuildIsRight() {
    Toy toy = up();
    int req = toy.open("a.up");
    while (toy.server().started.isEmpty()) toy.server().step();
    toy.disk.write("a.src", "2");
    toy.server().run(req);
    assertFalse(toy.server().done.get(req).ok());
    assertTrue(toy.server().said.contains("dep_error Up a"), toy.server().said.toString());
    toy.build("a.up");
    assertTrue(toy.ok);
    assertEquals("2", toy.disk.read("a.up"));
  }

  @Test
  void twoCommandsShareOneRun() {
    Toy toy = up();
    int one = toy.open("a.up");
    while (toy.server().started.isEmpty()) toy.server().step();
    int two = toy.open("a.up");
    toy.server().run(one);
    toy.server().run(two);
    assertEquals(1, toy.server().started.size());
    assertTrue(toy.server().said.contains("started Up a"));
    assertTrue(toy.server().done.get(one).ok() && toy.server().done.get(two).ok());
  }

  @Test
  void interruptionKillsWhatOnlyThatCommandWants() {
    Toy toy = up();
    int one = toy.open("a.up");
    while (toy.server().started.isEmpty()) toy.server().step();
    int two = toy.open("a.up");
    while (!toy.server().said.contains("started Up a")) toy.server().step();
    toy.server().kill(one);
    assertTrue(toy.server().said.contains("continue Up a"));
    toy.server().run(two);
    assertTrue(toy.server().done.get(two).ok());
    int three = toy.open("b.up");
    while (toy.server().started.size() < 2) toy.server().step();
    toy.server().kill(three);
    toy.server().run(three);
    assertFalse(toy.server().done.get(three).ok());
    toy.build("b.up");
    assertTrue(toy.ok);
  }

  @Test
  void cycleOfHiddenDepsIsToldAndEnds() {
    Toy toy = new Toy();
    for (int i = 0; i < 3; i++) {
      int n = i;
      toy.rule(
          RuleSketch.rule("Loop" + n).target("T", "loop" + n),
          "Loop" + n,
          (stem, read) -> file("loop" + n, read.apply("loop" + (n + 1) % 3)));
    }
    String said = toy.build("loop0");
    assertFalse(toy.ok);
    assertTrue(said.endsWith("cycle loop0"), said);
    assertTrue(said.contains("may_rerun Loop2"), said);
  }

  @Test
  void loopThatOnlyComesFromFormerDepsIsBroken() {
    // What a and b read is listed: first b reads a, then a reads b.
    Toy toy = new Toy().source("a.list", "s").source("b.list", "a.out").source("s", "1");
    toy.rule(
        RuleSketch.rule("Out").target("T", "{F:[ab]}.out").dep("L", "{F}.list"),
        "Out",
        (stem, read) -> file(stem + ".out", read.apply(read.apply(stem + ".list"))));
    toy.build("a.out", "b.out");
    assertTrue(toy.ok);
    toy.disk.write("a.list", "b.out");
    toy.disk.write("b.list", "s");
    toy.disk.write("s", "2");
    toy.build("a.out");
    assertTrue(toy.ok);
    assertEquals("2", toy.disk.read("a.out"));
    toy.disk.write("b.list", "a.out");
    toy.build("a.out");
    assertFalse(toy.ok, "now the loop is real");
  }

  @Test
  void errorMetBeforeTheAwaitedDepSettlesAJobOfALoop() {
    Toy toy = new Toy().source("a.list", "s").source("b.list", "a.out").source("s", "1");
    toy.rule(
        RuleSketch.rule("Out").target("T", "{F:[ab]}.out").dep("L", "{F}.list"),
        "Out",
        (stem, read) -> file(stem + ".out", read.apply(read.apply(stem + ".list"))));
    toy.build("b.out");
    assertTrue(toy.ok);
    toy.disk.write("a.list", "b.out");
    toy.disk.remove("b.list");
    String said = toy.build("a.out");
    assertFalse(toy.ok);
    assertTrue(said.contains("dep_error") && !said.contains("cycle"), said);
  }

  @Test
  void jobOfALoopWaitsForOneDepAtATime() {
    // Two loops through what j read: the first is broken, after which j does not read what the second goes through.
    Toy toy = new Toy().source("a.list", "s").source("b.list", "s").source("s", "1");
    toy.rule(
        RuleSketch.rule("Out").target("T", "{F:[ab]}.out"),
        "Out",
        (stem, read) -> file(stem + ".out", read.apply(read.apply(stem + ".list"))));
    toy.rule(
        RuleSketch.rule("J").target("J", "j"),
        "J",
        (stem, read) -> file("j", "1".equals(read.apply("a.out")) ? read.apply("b.out") : "2"));
    toy.build("j");
    assertTrue(toy.ok);
    toy.disk.write("a.list", "j");
    toy.disk.write("b.list", "j");
    toy.build("a.out");
    toy.build("b.out");
    toy.disk.write("a.list", "s");
    toy.disk.write("s", "2");
    toy.build("j");
    assertTrue(toy.ok, toy.server().said.toString());
    assertEquals("2", toy.disk.read("j"));
  }

  @Test
  void jobThatWaitsForALoopIsNotSettledBeforeItsStaticDepsAre() {
    Toy toy = new Toy().source("a.list", "b.out").source("b.list", "a.out").source("s", "1");
    toy.rule(
        RuleSketch.rule("Out").target("T", "{F:[ab]}.out").target("O", "{F}.opt", TargetFlags.OPTIONAL),
        "Out",
        (stem, read) -> file(stem + ".out", read.apply(read.apply(stem + ".list"))));
    toy.rule(
        RuleSketch.rule("High").target("T", "top").dep("S", "s").dep("O", "a.opt"), "High", (stem, read) -> file("top", "high"));
    toy.rule(RuleSketch.rule("Low").target("L", "top").prio(-1), "Low", (stem, read) -> file("top", "low"));
    toy.build("top");
    assertFalse(toy.ok, "a and b read each other");
    toy.disk.write("b.list", "s2");
    toy.disk.remove("s");
    toy.build("top");
    assertTrue(toy.ok, "a static dep that no job makes leaves the file to the other rule, whatever else is wrong");
    assertEquals("low", toy.disk.read("top"));
  }

  @Test
  void limitsOfRunsAndSubmissionsStopAJob() {
    Toy toy = dyn();
    ReqOptions once = new ReqOptions(false, false, 0, 1, 0, false, false, false, false, false, false, false);
    assertEquals("new a.src, may_rerun Dyn a, done Up a, run_loop Dyn a", toy.build(once, "a.dyn"));
    assertFalse(toy.ok);
    assertEquals("done Dyn a", toy.build("a.dyn"));
    Toy endless =
        new Toy()
            .rule(
                RuleSketch.rule("Odd").target("T", "odd").target("U", "odd.more"),
                "Odd",
                (stem, read) -> {
                  read.apply("odd.other");
                  return Map.of("odd", "x", "odd.more", "x");
                });
    assertEquals("done Odd ", endless.build("odd"));
  }

  @Test
  void targetsOfARunningJobAreBelievedByNobody() {
    Toy toy = up();
    toy.build("a.up");
    toy.disk.write("a.src", "2");
    toy.open("a.up");
    while (toy.server().started.size() < 2) toy.server().step();
    Graph graph = toy.server().graph;
    int target = graph.findNode("a.up");
    assertEquals(Crc.UNKNOWN, graph.crc(target));
    assertTrue(graph.has(target, Graph.BUSY));
    assertEquals(JobStatus.RUNNING, graph.status(graph.writer(target)));
    toy.server().restart();
    toy.build("a.up");
    assertFalse(graph.has(target, Graph.BUSY));
    assertEquals("2", toy.disk.read("a.up"));
  }

  /** After a power cut: what a job reads of such a file, under its old sig, is not what is known of it. */
  @Test
  void tornTargetThatAJobReadsForTheFirstTimeIsMadeAgain() {
    Toy toy = dyn();
    toy.build("a.up");
    tear(toy, "a.up");
    toy.build("a.dyn");
    assertEquals("1", toy.disk.read("a.dyn"));
    assertEquals("1", toy.disk.read("a.up"));
    assertTrue(toy.ok);
    assertEquals("", toy.build("a.dyn", "a.up"));
  }

  /** Its content is lost, its date and size are not; all that is known is that the machine was started again. */
  private static void tear(Toy toy, String name) {
    SimDisk.Version version = toy.disk.files.get(name);
    toy.disk.files.put(name, new SimDisk.Version("torn", version.sig(), version.date(), version.kind()));
    Graph graph = toy.server().graph;
    graph.setFlag(graph.findNode(name), Graph.HOT, true);
  }

  @Test
  void incrementalTargetThatMayBeTornIsNoPlaceToStartFrom() {
    Toy toy =
        new Toy()
            .source("src", "1")
            .rule(
                RuleSketch.rule("Inc").target("T", "inc", TargetFlags.INCREMENTAL).dep("SRC", "src"),
                "Inc",
                (stem, read) -> file("inc", read.apply("src")));
    assertEquals("1", whenTheJobStarts(toy, false));
    assertEquals(null, whenTheJobStarts(toy, true));
  }

  /** The incremental target that the job finds. */
  private static String whenTheJobStarts(Toy toy, boolean torn) {
    toy.disk.write("src", "1");
    toy.build("inc");
    if (torn) tear(toy, "inc");
    toy.disk.write("src", "2");
    int started = toy.server().started.size();
    int req = toy.open("inc");
    while (toy.server().started.size() == started) toy.server().step();
    String found = toy.disk.read("inc");
    toy.server().run(req);
    return found;
  }

  @Test
  void fileThatARunNobodyAccountedForMayHaveLeftIsWashed() {
    Toy toy =
        new Toy()
            .source("n", "1")
            .rule(
                RuleSketch.rule("Split").target("D", "d/{N*:[0-9]}").dep("SRC", "n"),
                "Split",
                (stem, read) -> file("d/0", read.apply("n")))
            .rule(
                RuleSketch.rule("Probe").target("P", "probe"), "Probe", (stem, read) -> file("probe", read.apply("d/1")));
    toy.server();
    toy.disk.write("d/1", "left by a run");
    toy.disk.write("x/1", "of the user");
    toy.server().restart();
    assertTrue(toy.build("probe").contains("quarantined d/1"));
    assertTrue(toy.ok);
    assertEquals(null, toy.disk.read("d/1"));
    assertEquals("of the user", toy.disk.read("x/1"));
    toy.disk.write("d/1", "written since by the user");
    toy.disk.write("n", "2");
    assertTrue(toy.build("probe", "d/1").contains("dangling d/1"));
    assertFalse(toy.ok);
  }

  @Test
  void serverThatDiesLosesNothingFinishedAndRerunsWhatRan() {
    Toy toy = dyn();
    toy.build("a.up");
    toy.open("a.dyn", "b.up");
    while (toy.server().started.size() < 3) toy.server().step();
    toy.server().restart();
    toy.build("a.dyn", "b.up");
    assertTrue(toy.ok);
    long runsOfUpA = toy.server().started.stream().filter(line -> line.startsWith("Up a")).count();
    assertEquals(1, runsOfUpA);
    assertEquals("", toy.build("a.dyn", "b.up"));
  }

  @Test
  void pressureIsTheLongestPathOfThoseWhoWait() {
    Toy toy = dyn();
    toy.rule(
        RuleSketch.rule("All").target("ALL", "{F:all}").dep("B", "b.up").dep("A", "a.dyn"),
        "All",
        (stem, read) -> file(stem, read.apply("b.up") + read.apply("a.dyn")));
    Map<String, Long> pressures = new HashMap<>();
    toy.server().place = (engine, start) -> {
      pressures.put(toy.server().jobName(start.job()), engine.pressureMs(toy.server().lastReq(), start.job()));
      return 0;
    };
    toy.build("all");
    Graph graph = toy.server().graph;
    Map<String, Integer> lasted = Map.of("Up a", 100, "Up b", 50, "Dyn a", 1000, "All all", 7);
    for (int job = 1; job <= graph.jobCount(); job++) graph.setExecMs(job, lasted.get(toy.server().jobName(job)));
    toy.disk.write("a.src", "2");
    toy.disk.write("b.src", "2");
    pressures.clear();
    toy.build("all");
    assertEquals(Map.of("Up a", 1107L, "Up b", 57L, "Dyn a", 1007L, "All all", 7L), pressures);
  }

  @Test
  void aTargetThatOthersWaitForHasTheirPressureToo() {
    Toy toy = dyn();
    SimServer server = toy.server();
    toy.build("b.dyn", "b.up");
    Graph graph = server.graph;
    for (int job = 1; job <= graph.jobCount(); job++) graph.setExecMs(job, 10);
    toy.disk.write("b.src", "2");
    List<Long> ups = new ArrayList<>();
    server.place = (engine, start) -> {
      ups.add(engine.pressureMs(server.lastReq(), start.job()));
      return 0;
    };
    toy.build("b.up", "b.dyn");
    assertEquals(List.of(20L, 10L), ups, "b.dyn waits for b.up, though the command line names that too");
  }
}

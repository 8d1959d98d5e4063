package lmake.engine;

import static lmake.engine.ActsToy.write;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import lmake.graph.TargetFlags;
import lmake.rules.RuleSketch;
import org.junit.jupiter.api.Test;

/** Files that are not, or may not be, what the job left that is to make them: written over, or left by a run that never was. */
class SpoiltFilesTest {
  private static RuleSketch copy(String name, String cpu) {
    return RuleSketch.rule(name).target("T", name.toLowerCase(java.util.Locale.ROOT)).resource("cpu", cpu);
  }

  /** Two copies of a source, for which there is one cpu. */
  private static ActsToy copies() {
    ActsToy toy =
        new ActsToy()
            .rule(copy("One", "1"), "One", (stem, acts) -> write(acts, "one", acts.read("src")))
            .rule(copy("Two", "1"), "Two", (stem, acts) -> write(acts, "two", acts.read("src")))
            .source("src", "1");
    toy.cpus = 1;
    return toy;
  }

  @Test
  void fileOfAJobThatAsksForTooMuchIsStillItsOwn() {
    ActsToy toy = copies();
    toy.build("one");
    toy.disk.write("src", "2");
    toy.rules.put("One", copy("One", "2"));
    toy.server().readRules();
    toy.build("one");
    assertFalse(toy.ok);
    assertEquals("1", toy.disk.read("one"));
    toy.rules.put("One", copy("One", "1"));
    toy.server().readRules();
    toy.build("one");
    assertTrue(toy.ok);
    assertEquals("2", toy.disk.read("one"));
    assertEquals(List.of(), toy.server().quarantined);
  }

  @Test
  void fileOfAJobThatWasInterruptedBeforeItsTurnIsStillItsOwn() {
    ActsToy toy = copies();
    toy.build("one", "two");
    toy.disk.write("src", "2");
    int from = toy.server().started.size();
    int req = toy.server().open(List.of("one", "two"), ReqOptions.DEFAULT);
    while (toy.server().started.size() < from + 2) toy.server().step();
    int said = toy.server().said.size();
    toy.server().kill(req);
    toy.server().run(req);
    // The one that waited is not worth a line.
    assertEquals(1, toy.server().said.subList(said, toy.server().said.size()).size());
    toy.build("one", "two");
    assertTrue(toy.ok);
    assertEquals("2", toy.disk.read("one"));
    assertEquals("2", toy.disk.read("two"));
    assertEquals(List.of(), toy.server().quarantined);
  }

  @Test
  void incrementalTargetThatAnotherJobWroteIsNoPlaceToStartFrom() {
    ActsToy toy =
        new ActsToy()
            .rule(
                RuleSketch.rule("Log").target("T", "log", TargetFlags.INCREMENTAL).dep("SRC", "src"),
                "Log",
                (stem, acts) -> {
                  String former = acts.former("log");
                  write(acts, "log", (former == null ? "" : former) + acts.read("src"));
                })
            .rule(RuleSketch.rule("Evil").target("E", "evil"), "Evil", (stem, acts) -> write(acts, "log", "wrong"))
            .source("src", "1");
    toy.build("log");
    toy.disk.write("src", "2");
    toy.build("log");
    assertEquals("12", toy.disk.read("log"));
    toy.build("evil");
    assertEquals("wrong", toy.disk.read("log"));
    toy.build("log");
    assertEquals("2", toy.disk.read("log"));
  }

  /** What stands there when the first one ends is of the other one, and is not to be taken for its own. */
  @Test
  void fileThatALowerRuleWroteWhileTheHigherOneRanIsMadeAgain() {
    ActsToy toy =
        new ActsToy()
            .rule(
                RuleSketch.rule("High").target("S", "out/{N*:[0-9]}").prio(1),
                "High",
                (stem, acts) -> {
                  write(acts, "out/1", "right");
                  acts.build(List.of("low"), 0);
                })
            .rule(
                RuleSketch.rule("Low").target("L", "low").target("S", "out/{M*:[0-9]}"),
                "Low",
                (stem, acts) -> {
                  write(acts, "out/1", "wrong");
                  write(acts, "low", "");
                });
    toy.build("out/1");
    assertTrue(toy.ok);
    assertEquals("right", toy.disk.read("out/1"));
  }

  @Test
  void whoseFileGoesIsNotToldWhereNoWarningIsWanted() {
    for (int flag : new int[] {0, TargetFlags.NO_WARNING}) {
      ActsToy toy =
          new ActsToy()
              .rule(RuleSketch.rule("Good").target("G", "good", flag), "Good", (stem, acts) -> write(acts, "good", "right"))
              .rule(RuleSketch.rule("Evil").target("E", "evil"), "Evil", (stem, acts) -> write(acts, "good", "wrong"));
      toy.build("good");
      toy.build("evil");
      List<Integer> told = new ArrayList<>();
      toy.server().watcher =
          new SimServer.Watcher() {
            @Override
            public void starts(Action.Start start, String name) {
              for (Action.Wash wash : start.washes()) {
                boolean loud = wash.kind() == Action.WashKind.UNLINK || wash.writer() != 0;
                if (loud) told.add(wash.node());
              }
            }
          };
      toy.build("good");
      assertEquals("right", toy.disk.read("good"));
      assertEquals(flag == 0 ? 1 : 0, told.size());
    }
  }

  @Test
  void fileThatALaterJobOfTheSameCommandWritesOverIsMadeAgain() {
    ActsToy toy =
        new ActsToy()
            .rule(RuleSketch.rule("Good").target("G", "good"), "Good", (stem, acts) -> write(acts, "good", "right"))
            .rule(RuleSketch.rule("Mid").target("M", "mid").dep("G", "good"), "Mid", (stem, acts) -> write(acts, "mid", ""))
            .rule(
                RuleSketch.rule("Evil").target("E", "evil").sideTarget("S", "good").dep("M", "mid"),
                "Evil",
                (stem, acts) -> {
                  write(acts, "good", "wrong");
                  write(acts, "evil", "");
                });
    toy.build("good", "evil");
    assertTrue(toy.ok);
    assertEquals("right", toy.disk.read("good"));
    assertEquals(List.of(), toy.build("good", "evil"));
  }

  @Test
  void fileThatALaterJobWritesOverByMistakeIsMadeAgainThoughTheCommandFails() {
    ActsToy toy =
        new ActsToy()
            .rule(RuleSketch.rule("Good").target("G", "good"), "Good", (stem, acts) -> write(acts, "good", "right"))
            .rule(RuleSketch.rule("Mid").target("M", "mid").dep("G", "good"), "Mid", (stem, acts) -> write(acts, "mid", ""))
            .rule(
                RuleSketch.rule("Evil").target("E", "evil").dep("M", "mid"),
                "Evil",
                (stem, acts) -> {
                  write(acts, "good", "wrong");
                  write(acts, "evil", "");
                });
    toy.build("good", "evil");
    assertFalse(toy.ok);
    assertEquals("right", toy.disk.read("good"));
  }

  @Test
  void filesThatTwoJobsUndoForEachOtherAreToldAndTheCommandFails() {
    ActsToy toy =
        new ActsToy()
            .rule(
                RuleSketch.rule("A").target("A", "a").sideTarget("B", "b"),
                "A",
                (stem, acts) -> {
                  write(acts, "a", "a");
                  write(acts, "b", "a");
                })
            .rule(
                RuleSketch.rule("B").target("B", "b").sideTarget("A", "a"),
                "B",
                (stem, acts) -> {
                  write(acts, "b", "b");
                  write(acts, "a", "b");
                });
    toy.build("a", "b");
    assertFalse(toy.ok);
    assertEquals(1, toy.last().clashes().size());
  }
}

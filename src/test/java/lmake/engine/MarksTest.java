package lmake.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import lmake.rules.RuleBook;
import lmake.rules.RuleSketch;
import org.junit.jupiter.api.Test;

/** What the engine does with jobs and files that the user marked: {@code x.up} is made from {@code x.src}, {@code x.top} from it. */
class MarksTest implements SimProject {
  private final RuleSketch.Ids ids = new RuleSketch.Ids();
  private final SimDisk disk = new SimDisk();
  private final SimServer server;
  private boolean ok;

  MarksTest() {
    disk.write("a.src", "1");
    server = new SimServer(this, disk, new Random(1), 0);
  }

  @Override
  public RuleBook book() {
    List<RuleSketch> rules =
        List.of(
            RuleSketch.rule("Up").target("UP", "{F:[a-z]+}.up").dep("SRC", "{F}.src"),
            RuleSketch.rule("Top").target("TOP", "{F:[a-z]+}.top"), // reads x.up without saying so
            RuleSketch.rule("Star").target("S", "{F:[a-z]+}.d/{N*:[0-9]}"),
            RuleSketch.rule("Ghost").target("G", "{F:[a-z]+}.ghost"));
    return RuleSketch.book(rules, List.of("a.src"), ids, (code, text, vars) -> null);
  }

  @Override
  public Map<String, String> recipe(String rule, String stem, Function<String, String> read) {
    return switch (rule) {
      case "Up" -> Map.of(stem + ".up", "up " + read.apply(stem + ".src"));
      case "Top" -> Map.of(stem + ".top", "top " + read.apply(stem + ".up"));
      case "Star" -> new LinkedHashMap<>(Map.of(stem + ".d/1", "x"));
      default -> Map.of(stem + ".ghost", "ghost " + read.apply("free"));
    };
  }

  private String build(String... targets) {
    int from = server.said.size();
    int req = server.open(Arrays.asList(targets), ReqOptions.DEFAULT);
    server.run(req);
    ok = server.done.get(req).ok();
    return String.join(", ", server.said.subList(from, server.said.size()));
  }

  private Action.Marked marked() {
    return server.done.get(server.done.keySet().stream().max(Integer::compare).orElseThrow()).marked();
  }

  private Graph graph() {
    return server.graph;
  }

  private int job(String target) {
    return graph().writer(graph().findNode(target));
  }

  private void mark(String file, int mark, boolean on) {
    graph().setFlag(graph().node(file), mark, on);
    server.readRules();
  }

  private void unfreeze(int job) {
    graph().setFrozen(job, false);
    graph().setStatus(job, JobStatus.NEW);
  }

  @Test
  void aFrozenJobIsNotRunAndItsEditedTargetIsTakenAsASourceWouldBe() {
    build("a.top");
    int up = job("a.up");
    graph().setFrozen(up, true);
    disk.write("a.src", "2");
    disk.write("a.up", "by hand");
    assertEquals("changed_frozen Up a, done Top a", build("a.top"));
    assertTrue(ok);
    assertEquals("top by hand", disk.read("a.top"));
    assertEquals(List.of(up), marked().jobs());
    assertEquals("frozen Up a", build("a.top"), "a second build runs nothing");
    assertEquals("frozen Up a", build("a.up"));
    assertEquals("by hand", disk.read("a.up"));
    server.restart();
    disk.write("a.up", "by hand");
    assertEquals("steady_frozen Up a", build("a.top"));
  }

  @Test
  void aJobThatIsNoMoreFrozenRunsAgainAndPutsTheEditAside() {
    build("a.top");
    int up = job("a.up");
    graph().setFrozen(up, true);
    disk.write("a.up", "by hand");
    build("a.top");
    unfreeze(up);
    assertEquals("rerun Top a, done Up a, done Top a", settled(build("a.top")));
    assertEquals("top up 1", disk.read("a.top"));
    assertEquals(List.of("a.up"), server.quarantined);
    assertEquals("", build("a.top"));
  }

  /** Whether the reader runs once more than it must is for the order of answers to say. */
  private static String settled(String said) {
    return said.startsWith("rerun") ? said : "rerun Top a, " + said;
  }

  @Test
  void anUntouchedTargetOfAFrozenJobIsUnlinkedWhenItRunsAgain() {
    build("a.up");
    int up = job("a.up");
    graph().setFrozen(up, true);
    build("a.up");
    unfreeze(up);
    assertEquals("steady Up a", build("a.up"));
    assertEquals(List.of(), server.quarantined);
  }

  @Test
  void aFrozenJobWhoseFileIsGoneIsInError() {
    build("a.top");
    graph().setFrozen(job("a.up"), true);
    disk.remove("a.up");
    assertEquals("failed_frozen Up a", build("a.up"));
    assertFalse(ok);
    build("a.top");
    assertFalse(ok);
    disk.write("a.up", "back");
    assertEquals("new_frozen Up a, done Top a", build("a.top"));
    assertTrue(ok);
    assertEquals("top back", disk.read("a.top"));
  }

  @Test
  void aJobFrozenBeforeItEverRanTakesWhatIsThere() {
    disk.write("a.up", "mine");
    int up = graph().job(book().rules().stream().filter(r -> r.name().equals("Up")).findFirst().orElseThrow().id(),
        new String[] {"a"});
    graph().setFrozen(up, true);
    assertEquals("new_frozen Up a", build("a.up"));
    assertTrue(ok);
    assertEquals("frozen Up a", build("a.up"));
  }

  @Test
  void targetsOfAFrozenStarJobAreTakenOneByOne() {
    build("a.d/1");
    graph().setFrozen(job("a.d/1"), true);
    disk.write("a.d/1", "mine");
    assertEquals("changed_frozen Star a", build("a.d/1"));
    assertTrue(ok);
    disk.remove("a.d/1");
    build("a.d/1");
    assertFalse(ok, "a star file that is gone is made by nobody");
  }

  @Test
  void aFrozenJobEditedDuringABuildIsOverwritten() {
    build("a.top");
    graph().setFrozen(job("a.up"), true);
    int req = server.open(List.of("a.top"), ReqOptions.DEFAULT);
    disk.write("a.up", "late");
    server.run(req);
    assertFalse(server.done.get(req).ok());
    assertEquals("frozen Up a, done Top a", build("a.top"));
    assertEquals("top late", disk.read("a.top"));
  }

  @Test
  void aFrozenFileIsASource() {
    disk.write("free", "1");
    build("x.ghost");
    assertFalse(ok, "dangling dep");
    mark("free", Graph.FROZEN, true);
    build("x.ghost");
    assertTrue(ok);
    assertEquals(List.of(graph().findNode("free")), marked().files());
    disk.write("free", "2");
    assertEquals("changed free, done Ghost x", build("x.ghost"));
    assertEquals("ghost 2", disk.read("x.ghost"));
    assertEquals("", build("x.ghost"));
    mark("free", Graph.FROZEN, false);
    build("x.ghost");
    assertFalse(ok, "dangling again");
    assertEquals("2", disk.read("free"), "and never touched");
  }

  @Test
  void aFileThatIsASourceNoMoreIsNotUnlinkedForTheJobThatNowMakesIt() {
    disk.write("b.ghost", "precious");
    mark("b.ghost", Graph.FROZEN, true);
    build("b.ghost");
    assertTrue(ok);
    mark("b.ghost", Graph.FROZEN, false);
    build("b.ghost");
    assertEquals(List.of("b.ghost"), server.quarantined);
    assertEquals("ghost null", disk.read("b.ghost"));
  }

  @Test
  void aChangeThatTriggersNothingIsIgnoredUntilTheMarkIsCleared() {
    build("a.top");
    mark("a.src", Graph.NO_TRIGGER, true);
    disk.write("a.src", "2");
    assertEquals("changed a.src", build("a.top"));
    assertTrue(ok);
    assertEquals(List.of(graph().findNode("a.src")), marked().ignored());
    assertEquals("", build("a.top"), "a second build runs nothing");
    server.restart();
    assertEquals("", build("a.top"));
    mark("a.src", Graph.NO_TRIGGER, false);
    build("a.top");
    assertEquals("top up 2", disk.read("a.top"));
  }

  @Test
  void aChangeThatTriggersNothingStillCountsForAJobThatNeverRan() {
    mark("a.up", Graph.NO_TRIGGER, true);
    mark("a.src", Graph.NO_TRIGGER, true);
    build("a.top"); // it reads a.up before it is made
    assertEquals("top up 1", disk.read("a.top"));
    assertEquals(List.of(), marked().ignored());
  }
}

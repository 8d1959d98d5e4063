package lmake.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import lmake.base.UserError;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;
import lmake.graph.TargetVector;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The archive tells of each job as it was last, whatever became of the store, and never what was not so. */
class ArchiveTest {
  @TempDir Path tmp;
  private Path dir;
  private Path file;
  private final Set<String> everTrue = new HashSet<>();

  @BeforeEach
  void place() {
    dir = tmp.resolve("store");
    file = tmp.resolve("store.archive");
  }

  /** Job {@code x} of the rule of digest 77: makes {@code out/x} from {@code in/x} of that content, or is in another state. */
  private void put(Store store, Graph graph, String x, JobStatus status, long content) {
    int job = graph.job(store.idOf(77), new String[] {x});
    int in = graph.node("in/" + x);
    int out = graph.node("out/" + x);
    graph.setDeps(job, new DepVector.Builder().add(in, 7, 0, false, 0, content).build());
    graph.setTargets(
        job, new TargetVector(new int[] {out}, new int[] {3}, new long[] {content + 1}, new long[] {content + 2}));
    graph.setStatus(job, status);
    graph.setReason(job, new RunReason(RunReason.Kind.DEP_CHANGED, in));
    graph.setCmd(job, 5, 6);
    everTrue.add(line(x, status, content));
  }

  private static String line(String x, JobStatus status, long content) {
    boolean ok = status == JobStatus.OK;
    return x + " " + status + (ok ? " in/" + x + "=" + content + " out/" + x + "=" + (content + 1) : "");
  }

  private TreeMap<String, String> past() throws IOException {
    TreeMap<String, String> lines = new TreeMap<>();
    Store.past(dir, one -> {
      String x = one.stems()[0];
      assertEquals(77, one.match());
      assertEquals(5, one.cmd());
      if (!one.whole()) return;
      boolean ok = one.status() == JobStatus.OK;
      String body = ok ? " " + one.depNames()[0] + "=" + one.deps().value(0) + " " + one.targetNames()[0] + "="
          + one.targets().crc(0) : "";
      lines.put(x, x + " " + one.status() + body);
    });
    return lines;
  }

  @Test
  void tellsOfEachJobAsItWasLastThroughEndsCleanOrNot() throws UserError, IOException {
    Random random = new Random(3);
    TreeMap<String, String> expected = new TreeMap<>();
    for (int session = 0; session < 6; session++) {
      Store store = Store.open(dir, false);
      Graph graph = store.load();
      for (int n = 0; n < 20; n++) {
        for (int i = random.nextInt(4); i >= 0; i--) {
          String x = "j" + random.nextInt(40);
          JobStatus status = random.nextInt(3) > 0 ? JobStatus.OK : JobStatus.JOB_ERROR;
          long content = 1000 + 16L * random.nextInt(1000);
          put(store, graph, x, status, content);
          expected.put(x, line(x, status, content));
        }
        store.commit(graph);
      }
      store.checkpoint();
      assertEquals(expected, past(), "session " + session);
      if (session % 2 == 0) {
        store.close();
      } else {
        // As a killed process leaves it: a copy of the files, opened in place of the store.
        Path image = Files.createDirectories(tmp.resolve("image"));
        for (Path one : Disk.list(dir)) Files.copy(one, image.resolve(one.getFileName()));
        byte[] archive = Files.readAllBytes(file);
        store.close();
        for (Path one : Disk.list(dir)) Files.delete(one);
        for (Path one : Disk.list(image)) Files.move(one, dir.resolve(one.getFileName()));
        Files.write(file, archive);
        Files.delete(image);
      }
    }
  }

  @Test
  void damageLosesJobsButNeverTellsWhatWasNotSo() throws UserError, IOException {
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      for (int i = 0; i < 200; i++) {
        put(store, graph, "j" + i % 90, JobStatus.OK, 1000 + 16L * i);
        if (i % 7 == 0) store.commit(graph);
      }
      store.commit(graph);
    }
    byte[] whole = Files.readAllBytes(file);
    assertEquals(90, past().size());
    Random random = new Random(1);
    int kept = 0;
    for (int trial = 0; trial < 300; trial++) {
      byte[] bytes = whole.clone();
      for (int n = 1 + random.nextInt(8); n > 0; n--) bytes[random.nextInt(bytes.length)] ^= 1 + random.nextInt(255);
      if (trial % 5 == 0) bytes = java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length));
      Files.write(file, bytes);
      TreeMap<String, String> past = past();
      assertTrue(everTrue.containsAll(past.values()), "trial " + trial);
      kept += past.size();
    }
    assertTrue(kept > 300 * 45, "damage is contained: " + kept);
  }

  @Test
  void aTornEndMakesItBeWrittenAnewFromTheStore() throws UserError, IOException {
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      for (int i = 0; i < 50; i++) put(store, graph, "j" + i, JobStatus.OK, 1000 + 16L * i);
      store.commit(graph);
    }
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length / 2));
    assertTrue(past().size() < 50);
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      put(store, graph, "more", JobStatus.OK, 16);
      store.commit(graph);
    }
    assertEquals(51, past().size());
  }

  @Test
  void aStoreThatIsLostLeavesItsArchiveBehind() throws UserError, IOException {
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      put(store, graph, "old", JobStatus.OK, 16);
      put(store, graph, "both", JobStatus.OK, 32);
      store.commit(graph);
    }
    for (Path one : Disk.list(dir)) Files.delete(one);
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      put(store, graph, "other", JobStatus.OK, 48);
      put(store, graph, "both", JobStatus.OK, 64);
      store.commit(graph);
    }
    List<String> told = new ArrayList<>(past().values());
    assertEquals(List.of(line("both", JobStatus.OK, 64), line("old", JobStatus.OK, 16), line("other", JobStatus.OK, 48)),
        told);
  }

  /** After a power cut the store goes back to a checkpoint, and gives the same numbers to other names. */
  @Test
  void numbersGivenTwiceAfterAPowerCutAreNotMixedUp() throws UserError, IOException, Corrupt {
    byte[] checkpoint;
    byte[] data;
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      put(store, graph, "a", JobStatus.OK, 16);
      store.commit(graph);
      store.checkpoint();
      checkpoint = Files.readAllBytes(dir.resolve(Checkpoint.FILE));
      data = Files.readAllBytes(dir.resolve(Lmdb.DATA));
      put(store, graph, "lost", JobStatus.OK, 32);
      store.commit(graph);
    }
    Files.write(dir.resolve(Lmdb.DATA), data);
    new Checkpoint("another boot", false, false, 0, 0, Checkpoint.decode(checkpoint).metas()).write(dir);
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      put(store, graph, "b", JobStatus.OK, 48);
      store.commit(graph);
    }
    assertEquals(Set.of("a", "b"), past().keySet());
  }

  @Test
  void aJobThatWasKilledOrForgottenIsToldSo() throws UserError, IOException {
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      put(store, graph, "x", JobStatus.OK, 16);
      store.commit(graph);
      put(store, graph, "x", JobStatus.KILLED, 16);
      store.commit(graph);
      store.checkpoint();
      assertEquals("x KILLED", past().get("x"));
      put(store, graph, "x", JobStatus.NEW, 16);
      store.commit(graph);
      store.checkpoint();
      assertEquals("x NEW", past().get("x"));
    }
  }

  @Test
  void marksOfTheUserAreKeptAndATurnThatChangesNothingWritesNothing() throws UserError, IOException {
    int job;
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      put(store, graph, "x", JobStatus.OK, 16);
      job = graph.findJob(store.idOf(77), new String[] {"x"});
      graph.setFrozen(job, true);
      graph.setFlag(graph.node("in/x"), Graph.NO_TRIGGER, true);
      graph.setFlag(graph.node("free"), Graph.FROZEN, true);
      store.commit(graph);
    }
    var date = Files.getLastModifiedTime(file);
    Store.past(dir, one -> assertTrue(one.frozen()));
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      assertEquals(List.of(job), java.util.Arrays.stream(graph.frozenJobs()).boxed().toList());
      assertEquals(graph.findNode("in/x"), graph.marked(Graph.NO_TRIGGER)[0]);
      assertEquals(graph.findNode("free"), graph.marked(Graph.FROZEN)[0]);
      store.commit(graph);
    }
    assertEquals(date, Files.getLastModifiedTime(file));
  }

  @Test
  void whatIsOfThePastIsDroppedNowAndThen() throws UserError, IOException {
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      put(store, graph, "big", JobStatus.OK, 16);
      int job = graph.findJob(store.idOf(77), new String[] {"big"});
      DepVector.Builder deps = new DepVector.Builder();
      for (int i = 0; i < 20_000; i++) deps.add(graph.node("d/" + i), 7, 0, false, 0, 1L << 40 | i);
      graph.setDeps(job, deps.build());
      for (int i = 0; i < 60; i++) {
        graph.setStatus(job, JobStatus.OK);
        store.commit(graph);
      }
    }
    assertTrue(Files.size(file) < 2 << 20, "size " + Files.size(file));
    assertNotEquals(0, Files.size(file));
    List<PastJob> told = new ArrayList<>();
    Store.past(dir, told::add);
    assertEquals("d/19999", told.get(0).depNames()[19_999]);
    assertFalse(told.get(0).frozen());
  }
}

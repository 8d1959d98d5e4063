package lmake.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import lmake.base.ExitCode;
import lmake.base.UserError;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import lmake.graph.RunRecord;
import lmake.graph.TargetVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a store gives back is what it was given, in one life or over many. */
final class StoreTest {
  @TempDir Path tmp;

  @Test
  void givesBackRandomGraphs() throws Exception {
    long seed = Long.getLong("lmake.seed", 1);
    System.out.println("StoreTest.givesBackRandomGraphs: seed " + seed);
    Random random = new Random(seed);
    Graph model = Model.inMemory();
    Map<Integer, RunRecord> runs = new HashMap<>();
    for (int life = 0; life < 12; life++) {
      try (Store store = Store.open(tmp.resolve("store"), false)) {
        assertFalse(store.unclean());
        assertEquals("", store.warning().orElse(""));
        Graph graph = store.load();
        Model.assertSame(model, graph);
        for (var run : runs.entrySet()) Model.assertSame(run.getValue(), store.run(run.getKey()).orElseThrow());
        for (int turn = random.nextInt(40); turn > 0; turn--) {
          for (int i = random.nextInt(20); i > 0; i--) Model.change(random.nextLong(), model, graph);
          if (graph.jobCount() > 0) {
            int job = 1 + random.nextInt(graph.jobCount());
            RunRecord run = Model.run(random);
            store.putRun(job, run);
            runs.put(job, run);
            Model.assertSame(run, store.run(job).orElseThrow());
          }
          store.commit(graph);
          if (random.nextInt(5) == 0) store.checkpoint();
        }
        Model.assertSame(model, graph);
      }
    }
    PageCheck.check(tmp.resolve("store/data.mdb"));
  }

  @Test
  void keepsRuleIdsDigestAndBlobs() throws Exception {
    Path dir = tmp.resolve("store");
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      assertEquals(0, store.digest().length);
      assertEquals(1, store.idOf(77));
      assertEquals(2, store.idOf(-5));
      assertEquals(1, store.idOf(77));
      store.setDigest(new byte[] {1, 2, 3});
      store.setBlob("deps", new byte[100_000]);
      assertArrayEquals(new byte[] {1, 2, 3}, store.digest());
      store.commit(graph);
    }
    try (Store store = Store.open(dir, true)) {
      assertEquals(2, store.idOf(-5));
      assertArrayEquals(new byte[] {1, 2, 3}, store.digest());
      assertEquals(100_000, store.blob("deps").length);
      assertEquals(0, store.blob("other").length);
    }
  }

  @Test
  void aRunningJobIsNewAndItsTargetsBusy() throws Exception {
    Path dir = tmp.resolve("store");
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      int node = graph.node("out/x");
      int job = graph.job(1, new String[] {"x"});
      graph.setTargets(job, new TargetVector(new int[] {node}, new int[] {0}, new long[] {99}, new long[] {98}));
      graph.setStatus(job, JobStatus.RUNNING);
      store.commit(graph);
    }
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      assertEquals(JobStatus.NEW, graph.status(1));
      assertTrue(graph.has(graph.findNode("out/x"), Graph.BUSY));
      assertFalse(graph.has(graph.findNode("out/x"), Graph.HOT));
    }
  }

  /** Its server was killed before it could say that the store is no longer clean: nothing else is to be recovered. */
  @Test
  void anUnfinishedCheckpointBesideACleanOneIsRemoved() throws Exception {
    Path dir = tmp.resolve("store");
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      graph.node("n");
      store.commit(graph);
    }
    Path unfinished = Files.write(dir.resolve(Checkpoint.FILE + ".new"), new byte[7]);
    try (Store store = Store.open(dir, true)) {
      assertFalse(store.unclean());
      assertTrue(Files.exists(unfinished)); // a reader writes nothing
    }
    try (Store store = Store.open(dir, false)) {
      assertFalse(store.unclean());
      assertFalse(Files.exists(unfinished));
    }
  }

  @Test
  void growsItsMap() throws Exception {
    Path dir = tmp.resolve("store");
    byte[] big = new byte[300_000];
    try (Store store = Store.open(dir, false, 1 << 20)) {
      Graph graph = store.load();
      for (int i = 0; i < 30; i++) {
        store.setBlob("b" + i, big);
        graph.node("n" + i);
        store.commit(graph);
        assertEquals(big.length, store.blob("b" + i / 2).length);
        if (i % 7 == 3) store.checkpoint();
      }
    }
    try (Store store = Store.open(dir, false, 1 << 20)) {
      assertFalse(store.unclean());
      assertEquals(30, store.load().nodeCount());
      for (int i = 0; i < 30; i++) assertEquals(big.length, store.blob("b" + i).length);
    }
  }

  @Test
  void doesNothingWhenNothingChanged() throws Exception {
    Path dir = tmp.resolve("store");
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      graph.node("a");
      store.commit(graph);
    }
    FileTime data = Files.getLastModifiedTime(dir.resolve("data.mdb"));
    FileTime checkpoint = Files.getLastModifiedTime(dir.resolve("checkpoint"));
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      graph.node("a");
      store.commit(graph);
      store.checkpoint();
    }
    assertEquals(data, Files.getLastModifiedTime(dir.resolve("data.mdb")));
    assertEquals(checkpoint, Files.getLastModifiedTime(dir.resolve("checkpoint")));
  }

  @Test
  void readsOnly() throws Exception {
    Path dir = tmp.resolve("store");
    UserError none = assertThrows(UserError.class, () -> Store.open(dir, true));
    assertEquals(ExitCode.BAD_STATE, none.code());
    assertFalse(Files.exists(dir));
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      graph.node("a/b");
      store.commit(graph);
    }
    try (Store store = Store.open(dir, true)) {
      assertEquals("a/b", store.load().name(2));
    }
  }
}

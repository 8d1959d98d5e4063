package lmake.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.Random;
import lmake.base.Bug;
import lmake.base.ExitCode;
import lmake.base.UserError;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a store says of files that are not as we left them, and of a disk that takes no more. */
final class BadStoreTest {
  @TempDir Path tmp;
  private Path dir;

  @BeforeEach
  void makeStore() throws Exception {
    dir = tmp.resolve("store");
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      for (int i = 1; i < 2000; i++) {
        int node = graph.node("dir/file" + i);
        graph.setContent(node, i * 1000L, i);
        int job = graph.job(1, new String[] {"stem" + i});
        graph.setDeps(job, new DepVector.Builder().add(node, 2, 0, false, 0, i * 1000L).build());
      }
      store.commit(graph);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lmake store 2", "lmake store 0", "another thing"})
  void refusesAnotherFormat(String format) throws Exception {
    Files.writeString(dir.resolve("format"), format + "\n");
    UserError error = assertThrows(UserError.class, () -> Store.open(dir, false));
    assertEquals(ExitCode.VERSION, error.code());
    assertTrue(error.getMessage().contains("this lmake reads format " + StoreDir.FORMAT), error.getMessage());
    assertTrue(Files.exists(dir.resolve("data.mdb")), "it is the user's to remove");
  }

  @ParameterizedTest
  @ValueSource(strings = {
    "data: empty", "data: half", "data: short", "data: one page", "data: junk", "data: text", "data: gone",
    "checkpoint: empty", "checkpoint: junk", "checkpoint: gone", "format: empty", "format: gone"
  })
  void movesADamagedStoreAside(String damage) throws Exception {
    damage(damage);
    UserError refused = assertThrows(UserError.class, () -> Store.open(dir, true));
    assertEquals(ExitCode.BAD_STATE, refused.code());
    try (Store store = Store.open(dir, false)) {
      String warning = store.warning().orElseThrow();
      assertTrue(warning.contains("store.bad-1"), warning);
      assertFalse(warning.contains("\n"), warning);
      Graph graph = store.load();
      assertEquals(0, graph.nodeCount());
      graph.node("x");
      store.commit(graph);
    }
    try (Store store = Store.open(dir, false)) {
      assertEquals("", store.warning().orElse(""));
      assertEquals(1, store.load().nodeCount());
    }
    assertTrue(Files.isDirectory(tmp.resolve("store.bad-1")));
  }

  private void damage(String what) throws IOException {
    Path file = dir.resolve(what.startsWith("data") ? "data.mdb" : what.substring(0, what.indexOf(':')));
    byte[] bytes = Files.readAllBytes(file);
    switch (what.substring(what.indexOf(' ') + 1)) {
      case "empty" -> Files.write(file, new byte[0]);
      case "half" -> Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
      case "short" -> Files.write(file, Arrays.copyOf(bytes, bytes.length - 4096 * 10));
      case "one page" -> Files.write(file, Arrays.copyOf(bytes, 4096));
      case "text" -> Files.writeString(file, "hello\n");
      case "junk" -> {
        new Random(1).nextBytes(bytes);
        Files.write(file, bytes);
      }
      default -> Files.delete(file);
    }
  }

  /** Damage that keeps size and date is noticed when it is read, at the latest; the start after that cleans up. */
  @Test
  void aDamagedValueIsNeverUsed() throws Exception {
    var date = Files.getLastModifiedTime(dir.resolve("data.mdb"));
    byte[] bytes = Files.readAllBytes(dir.resolve("data.mdb"));
    byte[] body = new byte[] {0, 1, 16, 2}; // body of job 1: no target, one dep, of node 2, read
    int hits = 0;
    for (int i = 8192; i < bytes.length - body.length; i++) {
      if (!Arrays.equals(body, Arrays.copyOfRange(bytes, i, i + body.length))) continue;
      bytes[i + 2] ^= 4;
      hits++;
    }
    assertTrue(hits > 0);
    Files.write(dir.resolve("data.mdb"), bytes);
    Files.setLastModifiedTime(dir.resolve("data.mdb"), date);
    try (Store store = Store.open(dir, false)) {
      assertFalse(store.unclean());
      Graph graph = store.load();
      assertThrows(Bug.class, () -> graph.deps(1));
    }
    try (Store store = Store.open(dir, false)) {
      assertTrue(store.warning().orElseThrow().contains("checksum"), store.warning().orElseThrow());
    }
  }

  @Test
  void aCopiedStoreIsCheckedAndUsed() throws Exception {
    Path copy = Files.createDirectories(tmp.resolve("copy"));
    for (Path file : Disk.list(dir)) Files.copy(file, copy.resolve(file.getFileName()));
    // A copy made within the same tick would have the date of the original.
    Files.setLastModifiedTime(copy.resolve("data.mdb"), FileTime.fromMillis(1_000));
    try (Store store = Store.open(copy, false)) {
      assertEquals("", store.warning().orElse(""));
      assertTrue(store.unclean());
      assertEquals(2000, store.load().nodeCount());
    }
    try (Store store = Store.open(copy, false)) {
      assertFalse(store.unclean());
    }
  }

  /** The store was synced when it was closed; the files that it tells of were not. */
  @Test
  void aStoreLeftCleanVouchesForNoSigOnceTheMachineWasStartedAgain() throws Exception {
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      graph.setDeps(1, new DepVector.Builder().add(2, 2, 0, false, DepVector.SIG, 77).add(3, 2, 0, false, 0, 9).build());
      store.commit(graph);
    }
    Checkpoint left = Checkpoint.read(dir);
    new Checkpoint("another boot", true, false, left.size(), left.mtimeNs(), left.metas()).write(dir);
    // Twice: an owner that dies before its first commit has verified nothing.
    for (int i = 0; i < 2; i++) {
      try (Store store = Store.open(dir, true)) {
        assertTrue(store.rebooted());
        Graph graph = store.load();
        assertTrue(graph.has(2, Graph.HOT));
        assertTrue(graph.deps(1).has(0, DepVector.HOT), "what was read under a sig");
        assertFalse(graph.deps(1).has(1, DepVector.HOT), "what was resolved");
      }
    }
    try (Store store = Store.open(dir, false)) {
      store.commit(store.load());
    }
    try (Store store = Store.open(dir, false)) {
      assertFalse(store.rebooted());
      assertTrue(store.load().has(2, Graph.HOT), "still to be verified");
    }
  }

  @Test
  void readOnlyDoesNotRecover() throws Exception {
    byte[] data = Files.readAllBytes(dir.resolve("data.mdb"));
    Checkpoint saved = Checkpoint.read(dir);
    new Checkpoint("another boot", false, false, 0, 0, saved.metas()).write(dir);
    UserError error = assertThrows(UserError.class, () -> Store.open(dir, true));
    assertEquals(ExitCode.BAD_STATE, error.code());
    assertTrue(error.getMessage().contains("power cut"), error.getMessage());
    assertArrayEquals(data, Files.readAllBytes(dir.resolve("data.mdb")));
    try (Store store = Store.open(dir, false)) {
      assertTrue(store.unclean());
      assertTrue(store.load().has(2, Graph.HOT));
    }
  }

  @Test
  void losesNothingWhenTheDiskIsFull() throws Exception {
    Path disk = Files.createDirectories(tmp.resolve("disk"));
    boolean mounted = run("mount", "-t", "tmpfs", "-o", "size=3m", "none", disk.toString());
    assumeTrue(mounted, "only root can mount a small disk");
    try {
      Path small = disk.resolve("store");
      Path filler = Files.write(disk.resolve("filler"), new byte[1 << 20]);
      try (Store store = Store.open(small, false)) {
        Graph graph = store.load();
        UserError full = assertThrows(UserError.class, () -> fill(store, graph));
        assertEquals(ExitCode.SYSTEM, full.code());
        assertTrue(full.getMessage().contains(small.toString()), full.getMessage());
        assertTrue(full.getMessage().contains("full"), full.getMessage());
        graph.node("last");
        assertThrows(UserError.class, () -> store.commit(graph));
        Files.delete(filler);
        store.commit(graph);
      }
      try (Store store = Store.open(small, false)) {
        assertEquals("", store.warning().orElse(""));
        Graph graph = store.load();
        int count = graph.nodeCount();
        assertEquals("last", graph.name(count));
        for (int i = 1; i < count; i++) assertEquals("n" + (i - 1), graph.name(i));
        assertEquals(10_000, store.blob("b" + (count - 2)).length);
      }
    } finally {
      run("umount", disk.toString());
    }
  }

  private static void fill(Store store, Graph graph) throws UserError {
    for (int i = 0; i < 1000; i++) {
      graph.node("n" + i);
      store.setBlob("b" + i, new byte[10_000]);
      store.commit(graph);
      if (i % 10 == 0) store.checkpoint();
    }
  }

  private static boolean run(String... command) throws Exception {
    return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
  }
}

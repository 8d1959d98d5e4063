package lmake.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * However a store is left, what it gives back is what some commit left: the last one, or that of the last checkpoint.
 */
final class CrashTest {
  @TempDir Path tmp;

  @Test
  void losesNothingWhenKilled() throws Exception {
    long seed = Long.getLong("lmake.seed", 1);
    System.out.println("CrashTest.losesNothingWhenKilled: seed " + seed);
    Random random = new Random(seed);
    Path dir = tmp.resolve("store");
    Graph model = Model.inMemory();
    int modelTurn = 0;
    for (int kill = 0; kill < 12; kill++) {
      int said = killAfter(dir, seed, 1 + random.nextInt(1 << 1 + kill));
      try (Store store = Store.open(dir, false)) {
        assertTrue(store.unclean());
        assertEquals("", store.warning().orElse(""));
        int turn = CrashWriter.turn(store);
        assertTrue(turn >= said, "turn " + said + " was lost, the last is " + turn);
        while (modelTurn < turn) Model.change(seed + ++modelTurn, model);
        Model.assertSame(model, store.load());
      }
    }
  }

  /** Gives the last turn the child said. */
  private static int killAfter(Path dir, long seed, int turns) throws Exception {
    Process child = CrashWriter.process(dir, seed).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    int said = 0;
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(child.getInputStream()))) {
      for (int i = 0; i < turns; i++) said = turn(lines.readLine());
      child.toHandle().destroyForcibly(); // SIGKILL; unlike that of the process, it leaves us what was said
      for (String line = lines.readLine(); line != null; line = lines.readLine()) said = turn(line);
    }
    assertEquals(128 + 9, child.waitFor());
    return said;
  }

  private static int turn(String line) {
    return Integer.parseInt(line);
  }

  @Test
  void goesBackToTheLastCheckpointAfterAPowerCut() throws Exception {
    long seed = Long.getLong("lmake.seed", 1);
    System.out.println("CrashTest.goesBackToTheLastCheckpointAfterAPowerCut: seed " + seed);
    Random random = new Random(seed);
    Path dir = tmp.resolve("store");
    int images = 0;
    int turn = 0;
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      Graph model = Model.inMemory();
      while (images < 60) {
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
          CrashWriter.turn(store, graph, seed, ++turn);
          Model.change(seed + turn, model);
        }
        store.checkpoint();
        byte[] checkpoint = Files.readAllBytes(dir.resolve(Checkpoint.FILE));
        List<byte[]> states = new ArrayList<>(List.of(Files.readAllBytes(dir.resolve(Lmdb.DATA))));
        int saved = turn;
        Graph then = copy(model, seed, saved);
        for (int i = 1 + random.nextInt(12); i > 0; i--) {
          CrashWriter.turn(store, graph, seed, ++turn);
          Model.change(seed + turn, model);
          states.add(Files.readAllBytes(dir.resolve(Lmdb.DATA)));
        }
        for (int i = 0; i < 4; i++) {
          Path image = image("image" + images++, checkpoint, CutStore.torn(random, states), "another boot");
          Path unfinished = Files.write(image.resolve(Checkpoint.FILE + ".new"), Arrays.copyOf(checkpoint, 7));
          assertGoesBack(image, saved, then);
          assertFalse(Files.exists(unfinished));
        }
      }
    }
  }

  private static Graph copy(Graph model, long seed, int turn) {
    Graph copy = Model.inMemory();
    for (int i = 1; i <= turn; i++) Model.change(seed + i, copy);
    assertEquals(model.nodeCount(), copy.nodeCount());
    return copy;
  }

  private static void assertGoesBack(Path image, int saved, Graph then) throws Exception {
    for (int node = 1; node <= then.nodeCount(); node++) {
      if (then.sig(node) != 0) then.setFlag(node, Graph.HOT, true);
    }
    for (int job = 1; job <= then.jobCount(); job++) doubtSigs(then, job);
    // Twice: what is to be verified is still to be when the first owner dies before it could say so.
    for (int i = 0; i < 2; i++) {
      try (Store store = Store.open(image, false)) {
        assertEquals("", store.warning().orElse(""));
        assertTrue(store.unclean());
        assertEquals(saved, CrashWriter.turn(store));
        Model.assertSame(then, store.load());
      }
    }
  }

  /** Which content a job read under a sig cannot be known any more. */
  private static void doubtSigs(Graph graph, int job) {
    DepVector deps = graph.deps(job);
    for (int i = 0; i < deps.size(); i++) {
      if (deps.has(i, DepVector.SIG)) deps = deps.with(i, deps.bits(i) | DepVector.HOT, deps.value(i));
    }
    if (deps != graph.deps(job)) graph.setDeps(job, deps);
  }

  /** A torn file that no checkpoint stands for is found out, or is sound by luck; LMDB never takes the JVM down. */
  @Test
  void findsOutATornFile() throws Exception {
    long seed = Long.getLong("lmake.seed", 1);
    System.out.println("CrashTest.findsOutATornFile: seed " + seed);
    Random random = new Random(seed);
    Path dir = tmp.resolve("store");
    List<byte[]> states = new ArrayList<>();
    byte[] checkpoint;
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      for (int turn = 1; turn <= 40; turn++) {
        CrashWriter.turn(store, graph, seed, turn);
        if (turn % 4 == 0) states.add(Files.readAllBytes(dir.resolve(Lmdb.DATA)));
      }
      checkpoint = Files.readAllBytes(dir.resolve(Checkpoint.FILE));
    }
    int found = 0;
    for (int i = 0; i < 60; i++) {
      Path image = image("torn" + i, checkpoint, CutStore.torn(random, states), Disk.bootId());
      if (opensAndWorks(image, seed, -1)) found++;
    }
    System.out.println("  found out: " + found + " of 60");
    assertTrue(found > 15, "most torn files cannot be sound");
  }

  /** What is not found out does no harm: the last commit is there, and the next ones find all in its place. */
  @Test
  void findsOutDamageAnywhere() throws Exception {
    long seed = Long.getLong("lmake.damage.seed", 1); // the same course each time, but in long runs
    int images = Integer.getInteger("lmake.damage", 150);
    System.out.println("CrashTest.findsOutDamageAnywhere: seed " + seed);
    int found = 0;
    for (int i = 0; i < images; i += 150) found += damageAnywhere(seed + i, 150);
    System.out.println("  found out: " + found + " of " + images);
  }

  private int damageAnywhere(long seed, int images) throws Exception {
    Random random = new Random(seed);
    Path dir = tmp.resolve("store");
    int turns = 30 + random.nextInt(30);
    byte[] checkpoint;
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      for (int turn = 1; turn <= turns; turn++) CrashWriter.turn(store, graph, seed, turn);
      checkpoint = Files.readAllBytes(dir.resolve(Checkpoint.FILE));
    }
    byte[] good = Files.readAllBytes(dir.resolve(Lmdb.DATA));
    CutStore.remove(dir);
    int found = 0;
    for (int i = 0; i < images; i++) {
      byte[] bad = i % 3 == 0 ? misled(random, good.clone()) : damaged(random, good.clone());
      Path image = image("bad" + i % 50, checkpoint, bad, Disk.bootId());
      try {
        if (opensAndWorks(image, seed, turns)) found++;
      } catch (Exception | AssertionError e) {
        throw new AssertionError("-Dlmake.damage.seed=" + seed + ", image " + i + ": " + difference(good, bad), e);
      }
    }
    return found;
  }

  private static String difference(byte[] good, byte[] bad) {
    if (good.length != bad.length) return "cut from " + good.length + " to " + bad.length + " bytes";
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < good.length && text.length() < 200; i++) {
      if (good[i] == bad[i]) continue;
      text.append(String.format("page %d at %d: %02x for %02x; ", i / 4096, i % 4096, bad[i], good[i]));
    }
    return text.toString();
  }

  /** A few bytes of what LMDB goes by and that has no checksum: meta pages, headers, offsets and heads of nodes. */
  private static byte[] misled(Random random, byte[] data) {
    for (int n = random.nextInt(3); n >= 0; n--) {
      int page = 4096 * (random.nextBoolean() ? random.nextInt(2) : random.nextInt(data.length / 4096));
      int upper = (data[page + 14] & 0xFF) + (data[page + 15] & 0xFF) * 256 & 4095;
      int at = page + random.nextInt(152);
      if (page > 4096 && random.nextBoolean()) at = page + Math.min(4088, upper + random.nextInt(200));
      switch (random.nextInt(4)) {
        case 0 -> data[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> data[at] = (byte) random.nextInt();
        case 2 -> data[at] += (byte) (random.nextBoolean() ? 1 : -1);
        default -> java.util.Arrays.fill(data, at, at + 8, (byte) -random.nextInt(2));
      }
    }
    return data;
  }

  private static byte[] damaged(Random random, byte[] data) {
    int first = random.nextBoolean() ? 0 : random.nextInt(data.length / 4096) * 4096;
    switch (random.nextInt(4)) {
      case 0:
        return java.util.Arrays.copyOf(data, random.nextInt(data.length));
      case 1:
        for (int i = random.nextInt(8); i >= 0; i--) data[random.nextInt(data.length)] ^= (byte) (1 << random.nextInt(8));
        return data;
      case 2: // headers are where LMDB trusts most
        int at = first + random.nextInt(first == 0 ? 8192 : 64);
        data[at] = (byte) random.nextInt();
        return data;
      default:
        byte[] junk = new byte[1 + random.nextInt(4096)];
        random.nextBytes(junk);
        System.arraycopy(junk, 0, data, first, Math.min(junk.length, data.length - first));
        return data;
    }
  }

  /**
   * True when the store was moved aside. Otherwise it is at that turn, or at any one if {@code expected} is negative.
   * Either way it can be read, written, and opened again.
   */
  private static boolean opensAndWorks(Path image, long seed, int expected) throws Exception {
    boolean aside;
    int turn;
    try (Store store = Store.open(image, false)) {
      aside = store.warning().isPresent();
      Graph graph = store.load();
      for (int job = 1; job <= graph.jobCount(); job++) graph.deps(job);
      turn = CrashWriter.turn(store);
      if (!aside && expected >= 0) assertEquals(expected, turn);
      for (int i = 0; i < 5; i++) CrashWriter.turn(store, graph, seed, ++turn);
    }
    PageCheck.check(image.resolve(Lmdb.DATA));
    try (Store store = Store.open(image, false)) {
      assertEquals(turn, CrashWriter.turn(store));
    }
    return aside;
  }

  private Path image(String name, byte[] checkpoint, byte[] data, String bootId) throws IOException, Corrupt {
    Path image = tmp.resolve(name).resolve("store");
    if (Files.exists(image)) CutStore.remove(tmp.resolve(name));
    Files.createDirectories(image);
    Files.writeString(image.resolve("format"), "lmake store " + StoreDir.FORMAT + "\n");
    Checkpoint saved = Checkpoint.decode(checkpoint);
    new Checkpoint(bootId, false, false, 0, 0, saved.metas()).write(image);
    Files.write(image.resolve(Lmdb.DATA), data);
    return image;
  }
}

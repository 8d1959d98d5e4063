package lmake.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.IntFunction;
import lmake.base.Bug;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A name has one number, and a number one name, whatever the bytes and lengths; also after a trip through blocks. */
final class NameTreeTest {
  @ParameterizedTest
  @ValueSource(strings = {
    "a", "a/b/c", "/", "/usr", "/usr/lib/x", "../x", "../../x/y", "a b", "a\nb", "é/日本/😀", "\udcff/\udc80x", "//x", "a//b"
  })
  void comesBack(String name) {
    assertComesBack(name);
  }

  @ParameterizedTest
  @ValueSource(ints = {127, 128, 255, 256, 511, 512, 4000, 4060, 4064, 4068, 4072, 4096, 10_000, 100_000})
  void componentsHaveAnyLength(int length) {
    assertComesBack("x".repeat(length));
    assertComesBack("dir/" + "é".repeat(length / 2) + "/f");
  }

  @Test
  void pathsHaveAnyLength() {
    assertComesBack("abc/".repeat(1000) + "f");
  }

  private static void assertComesBack(String name) {
    KeyTable table = new KeyTable();
    NameTree tree = new NameTree(table);
    tree.intern("before");
    int node = tree.intern(name);
    tree.intern("after");
    assertEquals(name, tree.name(node));
    assertEquals(node, tree.find(name));
    assertEquals(node, tree.intern(name));
    NameTree copy = new NameTree(reloaded(table));
    assertEquals(name, copy.name(node));
    assertEquals(node, copy.find(name));
    assertEquals(tree.count(), copy.count());
  }

  @Test
  void dirsAreParents() {
    NameTree tree = new NameTree(new KeyTable());
    assertEquals("a/b", tree.name(tree.parent(tree.intern("a/b/c"))));
    assertEquals(0, tree.parent(tree.intern("a")));
    assertEquals(0, tree.parent(tree.intern("/usr")));
    assertEquals("/usr", tree.name(tree.parent(tree.intern("/usr/lib"))));
    assertEquals("..", tree.name(tree.parent(tree.intern("../x"))));
    assertEquals(0, tree.find("b"));
    assertEquals(0, tree.find(""));
    assertThrows(Bug.class, () -> tree.intern(""));
    assertThrows(Bug.class, () -> tree.name(tree.count() + 1));
  }

  @Test
  void manyNamesKeepTheirNumbers() throws Exception {
    long seed = Long.getLong("lmake.seed", 1);
    System.out.println("NameTreeTest.manyNamesKeepTheirNumbers: seed " + seed);
    Random random = new Random(seed);
    Map<String, Integer> model = new HashMap<>();
    KeyTable table = new KeyTable();
    for (int round = 0; round < 5; round++) {
      NameTree tree = new NameTree(table);
      for (int i = 0; i < 10_000; i++) {
        String name = Model.name(random) + random.nextInt(100);
        assertEquals(model.getOrDefault(name, 0), tree.find(name));
        model.put(name, tree.intern(name));
      }
      for (var entry : model.entrySet()) {
        assertEquals(entry.getValue(), tree.find(entry.getKey()));
        assertEquals(entry.getKey(), tree.name(entry.getValue()));
      }
      table = reloaded(table);
    }
  }

  @Test
  void refusesBlocksThatMakeNoSense() throws Exception {
    KeyTable table = new KeyTable();
    NameTree tree = new NameTree(table);
    tree.intern("a/b/c");
    byte[] good = java.util.Arrays.copyOf(table.block(0), table.blockSize(0));
    Map<String, IntFunction<byte[]>> bad = Map.of(
        "cut", i -> java.util.Arrays.copyOf(good, i),
        "first", i -> changed(good, 0, i + 2),
        "count", i -> changed(good, 4, i == 3 ? 77 : i),
        "length", i -> changed(good, 9, 120 + i));
    for (var entry : bad.entrySet()) {
      for (int i = 0; i < 8; i++) {
        byte[] block = entry.getValue().apply(i);
        if (java.util.Arrays.equals(block, good)) continue;
        assertThrows(Corrupt.class, () -> new KeyTable().load(block), entry.getKey() + " " + i);
      }
    }
  }

  private static byte[] changed(byte[] good, int at, int value) {
    byte[] block = good.clone();
    block[at] = (byte) value;
    return block;
  }

  private static KeyTable reloaded(KeyTable table) {
    KeyTable copy = new KeyTable();
    try {
      for (int i = 0; i < table.blockCount(); i++) {
        copy.load(java.util.Arrays.copyOf(table.block(i), table.blockSize(i)));
      }
    } catch (Corrupt e) {
      throw new AssertionError(e);
    }
    return copy;
  }
}

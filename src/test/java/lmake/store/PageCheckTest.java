package lmake.store;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import lmake.graph.Graph;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Damage that LMDB would take for sound, and that would have it write over pages in use some commits later: one case for
 * each thing of the format that it trusts. {@link CrashTest} does the same blindly.
 */
final class PageCheckTest {
  private static final int PAGE = 4096;
  private static final int TXN = 16 + 128;
  private static final int FREE_ROOT = 16 + 24 + 40;
  private static final int MAIN_ROOT = 16 + 72 + 40;

  @TempDir Path tmp;
  private Path data;
  private ByteBuffer file;
  private int newest; // where the newest meta page begins

  @BeforeEach
  void makeStore() throws Exception {
    Path dir = tmp.resolve("store");
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      for (int turn = 1; turn <= 12; turn++) {
        Model.change(turn, graph);
        store.setBlob("big" + turn % 5, new byte[3000 + turn * 1000]);
        store.commit(graph);
        if (turn % 3 == 0) store.checkpoint();
      }
    }
    data = dir.resolve(Lmdb.DATA);
    file = ByteBuffer.wrap(Files.readAllBytes(data)).order(ByteOrder.nativeOrder());
    newest = file.getLong(TXN) > file.getLong(PAGE + TXN) ? 0 : PAGE;
    assertEquals(1, PageCheck.lastTxn(data) - Math.min(file.getLong(TXN), file.getLong(PAGE + TXN)));
    assertDoesNotThrow(() -> PageCheck.check(data));
  }

  private void assertFound(String what) throws Exception {
    Files.write(data, file.array());
    Corrupt found = assertThrows(Corrupt.class, () -> PageCheck.check(data));
    assertTrue(found.getMessage().contains(what), found.getMessage());
  }

  /** LMDB gives back the whole run when the value goes, and the pages of others with it. */
  @Test
  void aRunOfOverflowPagesHasNoMorePagesThanAreItsOwn() throws Exception {
    int runs = 0;
    byte[] sound = file.array().clone();
    int pages = sound.length / PAGE;
    for (int page = 2; page < pages - 1; page++) {
      if (file.getLong(page * PAGE) != page || file.getShort(page * PAGE + 10) != 4) continue;
      file.putShort(page * PAGE + 10, (short) 0);
      Files.write(data, file.array());
      boolean inUse = false;
      try {
        PageCheck.check(data);
      } catch (Corrupt e) {
        inUse = true;
      }
      file.put(0, sound);
      if (!inUse) continue;
      runs++;
      file.putInt(page * PAGE + 12, pages - page);
      // The pages behind it are free, or another's.
      assertFound("");
      file.put(0, sound);
    }
    assertTrue(runs > 3, "runs in use: " + runs);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      # what is added to the older number | to the newer one
       0                    | 1                    # LMDB looks for an odd number in the second page
       0                    | 2
       1                    | 1
      -2                    | 0
       0                    | -1
       0x100                | 0
       0                    | 0x100
      -0x8000000000000000   | 0                    # for LMDB, numbers have no sign
       0                    | -0x8000000000000000
      -0x8000000000000000   | -0x8000000000000000
      """)
  void theMetaPagesFollowOneAnother(String older, String newer) throws Exception {
    add(PAGE - newest + TXN, Long.decode(older));
    add(newest + TXN, Long.decode(newer.replaceAll(" *#.*", "")));
    assertFound("its meta pages do not follow one another");
  }

  /** The commit before the last is whole, too: it would come back, and with it what the last one undid. */
  @ParameterizedTest
  @CsvSource({"2, 0", "0, -2", "2, 2", "0x7000000000000000, 0x7000000000000000"})
  void aMetaPageHasTheNumberItWasWrittenWith(String older, String newer) throws Exception {
    add(PAGE - newest + TXN, Long.decode(older));
    add(newest + TXN, Long.decode(newer));
    assertFound("a meta page of its data file is of another commit");
  }

  private void add(int at, long what) {
    file.putLong(at, file.getLong(at) + what);
  }

  /** LMDB takes pages of the list before it, and forgets to write so when that number is zero. */
  @Test
  void noPageIsFreeSinceTheTransactionBeforeTheFirst() throws Exception {
    int page = (int) file.getLong(newest + FREE_ROOT) * PAGE;
    assertEquals(2, file.getShort(page + 10), "the list is short enough for one leaf");
    file.putLong(node(page, 0) + 8, 0);
    assertFound("free pages is damaged: key");
  }

  /** The first key put into it would make it one deeper than it is. */
  @Test
  void aTreeWithoutARootHasNoDepth() throws Exception {
    int page = (int) file.getLong(newest + MAIN_ROOT) * PAGE;
    int count = (file.getShort(page + 12) - 16) / 2;
    for (int i = 0; i < count; i++) {
      int node = node(page, i);
      byte[] name = new byte[file.getShort(node + 6)];
      file.get(node + 8, name);
      int table = node + 8 + name.length;
      if (!new String(name, StandardCharsets.US_ASCII).equals(Table.RUNS.label())) continue;
      assertEquals(-1, file.getLong(table + 40), "no run was put");
      file.putShort(table + 6, (short) 1);
      assertFound("runs is damaged: depth");
      return;
    }
    throw new AssertionError("no such table");
  }

  /** LMDB moves all that lies below a node when the node goes. */
  @Test
  void nodesOfAPageLieSideBySide() throws Exception {
    int page = (int) file.getLong(newest + MAIN_ROOT) * PAGE;
    byte[] sound = file.array().clone();
    Random random = new Random(1);
    int count = (file.getShort(page + 12) - 16) / 2;
    for (int i = 0; i < 200; i++) {
      int offset = page + 16 + 2 * random.nextInt(count);
      short wrong = (short) random.nextInt(PAGE);
      if (wrong == file.getShort(offset)) continue;
      file.putShort(offset, wrong);
      assertFound("");
      file.put(0, sound);
    }
    file.putShort(page + 18, file.getShort(page + 16));
    assertFound("two nodes in one place");
  }

  private int node(int page, int i) {
    return page + file.getShort(page + 16 + 2 * i);
  }
}

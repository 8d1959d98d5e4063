package lmake.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.BitSet;
import java.util.zip.CRC32;

/**
 * The verdict on a data file after an unclean stop, before LMDB sees it: LMDB follows page numbers and offsets without
 * a doubt, and on a torn file it takes the JVM down. Walks every page that can be reached from the newest meta page, in
 * Java, checking structure, order of keys, the list of free pages, and the checksum of each value. Some 1 GB/s.
 *
 * <p>Format: lmdb.h and mdb.c of LMDB 0.9.33, data version 1, 64 bits. A page begins with its number (8 bytes), padding
 * (2), flags (2), then lower and upper bound of its free space (2 each) or, on an overflow page, the length of the run
 * (4). Node offsets (2 each) follow up to the lower bound. A node: 6 bytes of size and flags, key size (2), key, value;
 * on a branch page those 6 bytes are the number of the child.
 */
final class PageCheck {
  private static final int MAGIC = 0xBEEFC0DE;
  private static final int VERSION = 1;
  private static final int PAGE_HEADER = 16;
  private static final int NODE_HEADER = 8;
  private static final int META_BYTES = PAGE_HEADER + 136;
  private static final int TXN = PAGE_HEADER + 128;
  private static final int DB_BYTES = 48;
  private static final int BRANCH = 1, LEAF = 2, OVERFLOW = 4, META = 8;
  private static final int BIG_DATA = 1, SUB_DATA = 2;
  private static final int INTEGER_KEY = 8;
  private static final int MAX_DEPTH = 32;
  private static final int CHECKSUM = 4;
  private static final boolean NATIVE_LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
  private static final long NO_ROOT = -1;
  private static final long MAX_MAP = 1L << 46;
  private static final int MAX_KEY = 511;
  private static final int SEGMENT_BITS = 30;

  private final ByteBuffer[] segments;
  private final long fileSize;
  private final int pageSize;
  private final long lastPage;
  private final long lastTxn;
  private final BitSet seen = new BitSet();
  private final CRC32 crc = new CRC32();
  private final short[] nodeSizes; // by offset / 2, of the page being looked at; zero between pages

  // state of the walk of one tree
  private Tree tree;
  private byte[] lastKey;
  private boolean lastIsFloor; // lastKey comes from a branch: the next key may be equal to it
  private long entries;
  private long lastFreed; // number of the last transaction that freed pages

  private PageCheck(ByteBuffer[] segments, long fileSize, int pageSize, ByteBuffer meta) throws Corrupt {
    this.segments = segments;
    this.fileSize = fileSize;
    this.pageSize = pageSize;
    this.lastPage = meta.getLong(PAGE_HEADER + 120);
    this.lastTxn = meta.getLong(TXN);
    this.nodeSizes = new short[pageSize / 2];
    if (lastPage < 1 || lastPage >= Integer.MAX_VALUE) throw new Corrupt("it claims %d pages", lastPage);
    long mapSize = meta.getLong(PAGE_HEADER + 16);
    if (mapSize < (lastPage + 1) * pageSize || mapSize > MAX_MAP) {
      throw new Corrupt("it claims a map of %d bytes", mapSize);
    }
    seen.set(0, 2);
  }

  /** What a tree is there for, which decides how its values are looked at. */
  private enum Use {
    FREE,
    MAIN,
    TABLE
  }

  /** A tree as its parent describes it. */
  private record Tree(Use use, String label, boolean integerKey, int flags, int depth, long entries, long root) {}

  /** Throws unless all that can be reached in the file is sound. */
  static void check(Path data) throws IOException, Corrupt {
    byte[] head = Disk.head(data, 2 * 65536);
    int pageSize = pageSize(head);
    ByteBuffer metas = ByteBuffer.wrap(head).order(ByteOrder.nativeOrder());
    int newest = newest(metas, pageSize);
    try (FileChannel channel = FileChannel.open(data, StandardOpenOption.READ)) {
      long size = channel.size();
      ByteBuffer[] segments = map(channel, size);
      ByteBuffer last = metas.position(newest).slice().order(ByteOrder.nativeOrder());
      ByteBuffer former = metas.position(pageSize - newest).slice().order(ByteOrder.nativeOrder());
      new PageCheck(segments, size, pageSize, former).freeTree(former);
      new PageCheck(segments, size, pageSize, last).all(last);
    }
  }

  private void all(ByteBuffer meta) throws Corrupt {
    Tree free = freeTree(meta);
    walk(db(meta, PAGE_HEADER + 72, Use.MAIN, "tables", false));
    freePages(free);
  }

  /**
   * Checks the tree of free pages. Each commit but the first has pages to free, and puts them under its own number:
   * that tells whether the meta page has the number it was written with. This holds for the commit before the last as
   * well: LMDB writes over no page of the last two.
   */
  private Tree freeTree(ByteBuffer meta) throws Corrupt {
    Tree free = db(meta, PAGE_HEADER + 24, Use.FREE, "free pages", true);
    walk(free);
    if (lastFreed != (lastTxn > 1 ? lastTxn : 0)) throw new Corrupt("a meta page of its data file is of another commit");
    return free;
  }

  /** Number of the last transaction that was committed. */
  static long lastTxn(Path data) throws IOException, Corrupt {
    byte[] head = Disk.head(data, 2 * 65536);
    ByteBuffer metas = ByteBuffer.wrap(head).order(ByteOrder.nativeOrder());
    return Math.max(metas.getLong(TXN), metas.getLong(pageSize(head) + TXN));
  }

  /**
   * Where the newest meta page begins. Nothing but the numbers of their transactions tells which it is, and LMDB asks
   * in two ways: which number is larger, unsigned, and where a number belongs, even ones to the first page. Each commit
   * adds one and writes the other page, so whatever else is there is damage: believed, it would bring back a state that
   * was left, or have the pages in use written over.
   */
  private static int newest(ByteBuffer metas, int pageSize) throws Corrupt {
    long even = metas.getLong(TXN);
    long odd = metas.getLong(pageSize + TXN);
    boolean fresh = even == 0 && odd == 0;
    boolean inTurn = (even & 1) == 0 && Math.abs(even - odd) == 1 && Math.min(even, odd) >= 0;
    if (!fresh && !inTurn) throw new Corrupt("its meta pages do not follow one another");
    return even >= odd ? 0 : pageSize;
  }

  /** Page size of a data file, from its first bytes; throws unless both meta pages are sound in themselves. */
  static int pageSize(byte[] head) throws Corrupt {
    ByteBuffer first = ByteBuffer.wrap(head).order(ByteOrder.nativeOrder());
    if (head.length < META_BYTES) throw new Corrupt("its data file has %d bytes only", head.length);
    if (first.getInt(PAGE_HEADER) != MAGIC) throw new Corrupt("its data file is none of LMDB");
    int pageSize = first.getInt(PAGE_HEADER + 24);
    boolean sane = pageSize >= 512 && pageSize <= 65536 && Integer.bitCount(pageSize) == 1;
    if (!sane || head.length < 2 * pageSize) throw new Corrupt("its data file has no second meta page");
    for (int at = 0; at <= pageSize; at += pageSize) {
      boolean meta = (first.getShort(at + 10) & META) != 0 && first.getInt(at + PAGE_HEADER) == MAGIC;
      if (!meta || (first.getInt(at + PAGE_HEADER + 4) & 0xFFFF) != VERSION || first.getInt(at + 40) != pageSize) {
        throw new Corrupt("a meta page of its data file is damaged");
      }
    }
    return pageSize;
  }

  private static ByteBuffer[] map(FileChannel channel, long size) throws IOException {
    ByteBuffer[] segments = new ByteBuffer[(int) ((size >>> SEGMENT_BITS) + 1)];
    for (int i = 0; i < segments.length; i++) {
      long from = (long) i << SEGMENT_BITS;
      long length = Math.min(size - from, 1L << SEGMENT_BITS);
      segments[i] = channel.map(FileChannel.MapMode.READ_ONLY, from, length).order(ByteOrder.nativeOrder());
    }
    return segments;
  }

  private static Tree db(ByteBuffer page, int at, Use use, String label, boolean integerKey) {
    int flags = page.getShort(at + 4);
    int depth = page.getShort(at + 6);
    return new Tree(use, label, integerKey, flags, depth, page.getLong(at + 32), page.getLong(at + 40));
  }

  // --- trees

  private void walk(Tree what) throws Corrupt {
    Tree outer = tree;
    byte[] outerKey = lastKey;
    long outerEntries = entries;
    tree = what;
    lastKey = new byte[0];
    lastIsFloor = true;
    entries = 0;
    if (what.flags != (what.integerKey ? INTEGER_KEY : 0)) throw bad("flags");
    boolean none = what.root == NO_ROOT;
    if (none ? what.depth != 0 : what.depth < 1 || what.depth > MAX_DEPTH) throw bad("depth");
    if (!none) page(what.root, what.depth);
    if (entries != what.entries) throw bad("number of entries");
    tree = outer;
    lastKey = outerKey;
    lastIsFloor = false;
    entries = outerEntries;
  }

  private void page(long number, int height) throws Corrupt {
    ByteBuffer page = take(number, 1);
    int at = offset(number);
    int lower = page.getShort(at + 12) & 0xFFFF;
    int upper = page.getShort(at + 14) & 0xFFFF;
    if (page.getShort(at + 10) != (height == 1 ? LEAF : BRANCH)) throw bad("kind of page");
    if (lower < PAGE_HEADER || lower > upper || upper > pageSize) throw bad("bounds of a page");
    int count = (lower - PAGE_HEADER) / 2;
    if (count == 0) throw bad("empty page");
    tiled(page, at, count, height);
    for (int i = 0; i < count; i++) {
      int node = page.getShort(at + PAGE_HEADER + 2 * i) & 0xFFFF;
      int keySize = page.getShort(at + node + 6) & 0xFFFF;
      if (height == 1) leaf(page, at, node, keySize);
      else branch(page, at + node, i == 0 ? 0 : keySize, height);
    }
  }

  /**
   * Throws unless the nodes fill what is not free of a page, each byte once: LMDB moves them around in it on the
   * strength of this.
   */
  private void tiled(ByteBuffer page, int at, int count, int height) throws Corrupt {
    int upper = page.getShort(at + 14) & 0xFFFF;
    for (int i = 0; i < count; i++) {
      int node = page.getShort(at + PAGE_HEADER + 2 * i) & 0xFFFF;
      if (node < upper || node + NODE_HEADER > pageSize || (node & 1) != 0) throw bad("offset of a node");
      if (nodeSizes[node / 2] != 0) throw bad("two nodes in one place");
      int keySize = page.getShort(at + node + 6) & 0xFFFF;
      if (keySize > MAX_KEY) throw bad("size of a key");
      long valueSize = height > 1 ? 0 : inPage(page, at + node);
      long size = NODE_HEADER + keySize + valueSize + 1 & ~1;
      if (node + size > pageSize) throw bad("size of a value");
      nodeSizes[node / 2] = (short) (size / 2);
    }
    int tiles = 0;
    for (int half = upper / 2; half < pageSize / 2; tiles++) {
      int size = nodeSizes[half];
      if (size == 0) throw bad("size of nodes");
      nodeSizes[half] = 0;
      half += size;
    }
    if (tiles != count || upper % 2 != 0) throw bad("size of nodes");
  }

  /** Bytes that the value of a leaf's node takes in its page. */
  private static long inPage(ByteBuffer page, int node) {
    return page.getShort(node + 4) == BIG_DATA ? 8 : page.getInt(node) & 0xFFFFFFFFL;
  }

  private void branch(ByteBuffer page, int node, int keySize, int height) throws Corrupt {
    if (keySize > 0) {
      byte[] key = bytes(page, node + NODE_HEADER, keySize);
      checkSize(key);
      if (order(key, lastKey) <= 0) throw bad("order of keys");
      lastKey = key;
      lastIsFloor = true;
    }
    long low = page.getInt(node) & 0xFFFFFFFFL;
    page(low | (page.getShort(node + 4) & 0xFFFFL) << 32, height - 1);
  }

  private void leaf(ByteBuffer page, int at, int node, int keySize) throws Corrupt {
    byte[] key = bytes(page, at + node + NODE_HEADER, keySize);
    checkSize(key);
    int order = order(key, lastKey);
    if (order < 0 || order == 0 && !lastIsFloor) throw bad("order of keys");
    if (tree.use == Use.FREE) lastFreed = ByteBuffer.wrap(key).order(ByteOrder.nativeOrder()).getLong();
    if (tree.use == Use.FREE && lastFreed == 0) throw bad("key"); // LMDB would take pages from it and not note that
    lastKey = key;
    lastIsFloor = false;
    entries++;
    long size = page.getInt(at + node) & 0xFFFFFFFFL;
    int flags = page.getShort(at + node + 4);
    int value = at + node + NODE_HEADER + keySize;
    if (flags == BIG_DATA) big(page.getLong(value), size, key);
    else value(page, value, (int) size, key, flags);
  }

  private void value(ByteBuffer page, int at, int size, byte[] key, int flags) throws Corrupt {
    if (tree.use == Use.MAIN) {
      if (flags != SUB_DATA || size != DB_BYTES) throw bad("description of a table");
      walk(table(page, at, new String(key, StandardCharsets.US_ASCII)));
      return;
    }
    if (flags != 0) throw bad("flags of a value");
    if (tree.use == Use.TABLE) {
      if (size < CHECKSUM) throw bad("size of a value");
      start(key);
      sum(page, at, size - CHECKSUM);
      finish(page.getInt(at + size - CHECKSUM));
    }
  }

  private Tree table(ByteBuffer page, int at, String label) throws Corrupt {
    for (Table table : Table.values()) {
      if (table.label().equals(label)) return db(page, at, Use.TABLE, label, table.numbered());
    }
    throw bad("name of a table");
  }

  /** A value on a run of overflow pages. The run may be longer than that: all of it is given back when it is freed. */
  private void big(long number, long size, byte[] key) throws Corrupt {
    long pages = (size + PAGE_HEADER + pageSize - 1) / pageSize;
    ByteBuffer first = take(number, pages);
    int at = offset(number);
    long run = first.getInt(at + 12) & 0xFFFFFFFFL;
    if (first.getShort(at + 10) != OVERFLOW || run < pages) throw bad("overflow page");
    claim(number + pages, run - pages);
    if (tree.use == Use.MAIN) throw bad("description of a table");
    if (tree.use == Use.FREE) return;
    long from = number * pageSize + PAGE_HEADER;
    start(key);
    long end = from + size - CHECKSUM;
    for (long i = from; i < end; ) {
      long stop = Math.min(end, (i >>> SEGMENT_BITS) + 1 << SEGMENT_BITS);
      sum(segment(i), (int) (i & (1 << SEGMENT_BITS) - 1), (int) (stop - i));
      i = stop;
    }
    finish((int) bytes(end, CHECKSUM));
  }

  // --- checksums, as Lmdb makes them

  private void start(byte[] key) {
    crc.reset();
    crc.update(key);
  }

  private void sum(ByteBuffer from, int at, int size) {
    crc.update(from.duplicate().limit(at + size).position(at));
  }

  private void finish(int expected) throws Corrupt {
    // Checksums are little-endian whatever the machine; what was read is in the order of the machine.
    int stored = NATIVE_LITTLE ? expected : Integer.reverseBytes(expected);
    if ((int) crc.getValue() != stored) throw bad("checksum");
  }

  // --- free pages: listed once, and in use nowhere

  private void freePages(Tree free) throws Corrupt {
    if (free.root != NO_ROOT) freePages(free.root, free.depth);
  }

  private void freePages(long number, int height) throws Corrupt {
    ByteBuffer page = segment(number * pageSize);
    int at = offset(number);
    int count = ((page.getShort(at + 12) & 0xFFFF) - PAGE_HEADER) / 2;
    for (int i = 0; i < count; i++) {
      int node = at + (page.getShort(at + PAGE_HEADER + 2 * i) & 0xFFFF);
      if (height > 1) {
        freePages(page.getInt(node) & 0xFFFFFFFFL | (page.getShort(node + 4) & 0xFFFFL) << 32, height - 1);
        continue;
      }
      int value = node + NODE_HEADER + (page.getShort(node + 6) & 0xFFFF);
      long size = page.getInt(node) & 0xFFFFFFFFL;
      boolean big = (page.getShort(node + 4) & BIG_DATA) != 0;
      long from = big ? page.getLong(value) * pageSize + PAGE_HEADER : number * pageSize + value - at;
      freeList(from, size);
    }
  }

  private void freeList(long from, long size) throws Corrupt {
    if (size < 8) throw new Corrupt("a list of free pages is cut short");
    long count = word(from);
    if (count < 0 || count > size / 8 - 1) throw new Corrupt("a list of free pages is too long");
    long previous = Long.MAX_VALUE;
    for (long i = 1; i <= count; i++) {
      long page = word(from + 8 * i);
      if (page < 2 || page > lastPage || page >= previous || seen.get((int) page)) {
        throw new Corrupt("page %d is listed as free, wrongly", page);
      }
      seen.set((int) page);
      previous = page;
    }
  }

  private long word(long at) {
    return bytes(at, 8);
  }

  /** A number in the order of the machine at any place of the file, across segments if need be. */
  private long bytes(long at, int size) {
    long value = 0;
    for (int i = 0; i < size; i++) {
      long b = segment(at + i).get((int) (at + i & (1 << SEGMENT_BITS) - 1)) & 0xFFL;
      value |= b << 8 * (NATIVE_LITTLE ? i : size - 1 - i);
    }
    return value;
  }

  // --- pages and keys

  /** Claims pages for one user; gives the segment where they begin. */
  private ByteBuffer take(long number, long pages) throws Corrupt {
    claim(number, pages);
    ByteBuffer segment = segment(number * pageSize);
    if (segment.getLong(offset(number)) != number) throw bad("page out of place");
    return segment;
  }

  private void claim(long number, long pages) throws Corrupt {
    if (pages == 0) return;
    if (number < 2 || number > lastPage || pages > lastPage - number + 1) throw bad("page number");
    if ((number + pages) * pageSize > fileSize) throw new Corrupt("its data file is cut short");
    int next = seen.nextSetBit((int) number);
    if (next >= 0 && next < number + pages) throw bad("page used twice");
    seen.set((int) number, (int) (number + pages));
  }

  private ByteBuffer segment(long at) {
    return segments[(int) (at >>> SEGMENT_BITS)];
  }

  private int offset(long number) {
    return (int) (number * pageSize & (1 << SEGMENT_BITS) - 1);
  }

  private static byte[] bytes(ByteBuffer page, int at, int size) {
    byte[] bytes = new byte[size];
    page.get(at, bytes);
    return bytes;
  }

  private void checkSize(byte[] key) throws Corrupt {
    if (tree.integerKey && key.length != (tree.use == Use.FREE ? 8 : 4)) throw bad("size of a key");
  }

  private int order(byte[] a, byte[] b) {
    if (!tree.integerKey || !NATIVE_LITTLE) return Arrays.compareUnsigned(a, b);
    if (a.length != b.length) return a.length - b.length;
    for (int i = a.length - 1; i >= 0; i--) if (a[i] != b[i]) return Byte.compareUnsigned(a[i], b[i]);
    return 0;
  }

  private Corrupt bad(String what) {
    return new Corrupt("its table of %s is damaged: %s", tree.label, what);
  }
}

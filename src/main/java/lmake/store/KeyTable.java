package lmake.store;

import java.util.Arrays;
import lmake.base.Bug;

/**
 * Pairs (owner, bytes) numbered from 1 in order of arrival: components of names under their dir, stems of jobs under
 * their rule. Held whole in memory, in the very blocks that lie on disk, with a hash table of 64-bit slots (hash, id)
 * on top: some 45 bytes a name, and a look-up is one probe and one comparison. It only grows, so that on disk only the
 * last block is ever written again. Engine's thread only.
 *
 * <p>A block: id of its first pair, number of pairs (little-endian, 4 bytes each), then per pair: varint owner, varint
 * length, bytes. It is closed when the next pair would make it outgrow one page of LMDB; a longer pair has a block of
 * its own.
 */
final class KeyTable {
  /** What one overflow page of LMDB holds besides its header and our checksum. */
  static final int BLOCK_BYTES = 4096 - 16 - 4;

  private static final int HEADER = 8;
  private static final int OFFSET_BITS = 12;
  private static final int MAX_BLOCKS = 1 << 32 - OFFSET_BITS;

  private final boolean tree;
  private byte[][] blocks = new byte[16][];
  private int blockCount;
  private int tail; // bytes used in the last block
  private int[] at = new int[1024]; // by id: block << OFFSET_BITS | offset in it
  private int count;
  private long[] slots = new long[2048]; // hash << 32 | id; 0 when free; a power of two of them
  private int savedCount;
  private int savedBlocks; // blocks that can no longer change and are in the store

  KeyTable() {
    this(false);
  }

  /**
   * @param tree each owner is 0 or a pair itself, one that was there before: a way from owner to owner has an end. What is
   *     loaded and is not so is refused.
   */
  KeyTable(boolean tree) {
    this.tree = tree;
  }

  /** How many pairs there are; the last id is this. */
  int count() {
    return count;
  }

  /** Makes room at once for what is about to be loaded. */
  void expect(int pairs) {
    if (pairs >= at.length) at = Arrays.copyOf(at, pairs + pairs / 8 + 1);
    if (slots.length * 2L < pairs * 3L) rehash(tableSize(pairs));
  }

  /** Id of a pair, 0 when it is not there. */
  int find(int owner, byte[] bytes, int from, int to) {
    return find(hash(owner, bytes, from, to), owner, bytes, from, to);
  }

  /** The same, by one who has worked out the {@link #hash} already. */
  int find(int hash, int owner, byte[] bytes, int from, int to) {
    int mask = slots.length - 1;
    for (int i = hash & mask; ; i = i + 1 & mask) {
      long slot = slots[i];
      if (slot == 0) return 0;
      if ((int) (slot >>> 32) == hash && same((int) slot, owner, bytes, from, to)) return (int) slot;
    }
  }

  /** Id of a pair, made if need be. */
  int intern(int owner, byte[] bytes, int from, int to) {
    return intern(hash(owner, bytes, from, to), owner, bytes, from, to);
  }

  /** The same, by one who has worked out the {@link #hash} already. */
  int intern(int hash, int owner, byte[] bytes, int from, int to) {
    int found = find(hash, owner, bytes, from, to);
    if (found != 0) return found;
    int length = to - from;
    openBlock(varintSize(owner) + varintSize(length) + length);
    byte[] block = blocks[blockCount - 1];
    int offset = tail;
    int end = putVarint(block, putVarint(block, offset, owner), length);
    System.arraycopy(bytes, from, block, end, length);
    tail = end + length;
    number(blockCount - 1, offset, hash);
    putInt(block, 4, getInt(block, 4) + 1);
    return count;
  }

  int owner(int id) {
    int position = position(id);
    return (int) varint(blocks[position >>> OFFSET_BITS], position & (1 << OFFSET_BITS) - 1);
  }

  /** Length of the bytes. */
  int length(int id) {
    return (int) (span(id) >>> 32);
  }

  /** Copies the bytes of a pair; gives the end. */
  int copy(int id, byte[] out, int to) {
    long span = span(id);
    int length = (int) (span >>> 32);
    System.arraycopy(blocks[position(id) >>> OFFSET_BITS], (int) span, out, to, length);
    return to + length;
  }

  // --- to and from the store

  boolean dirty() {
    return savedCount != count;
  }

  /** First block that the store does not have as it is now. */
  int firstDirtyBlock() {
    return savedBlocks;
  }

  int blockCount() {
    return blockCount;
  }

  /** Only the first {@link #blockSize} bytes count. */
  byte[] block(int i) {
    return blocks[i];
  }

  int blockSize(int i) {
    return i == blockCount - 1 ? tail : blocks[i].length;
  }

  /** All blocks are in the store. */
  void saved() {
    savedCount = count;
    savedBlocks = Math.max(0, blockCount - 1);
  }

  /** Takes the next block as the store gives it; the array becomes ours. */
  void load(byte[] block) throws Corrupt {
    if (block.length < HEADER || getInt(block, 0) != count + 1) throw new Corrupt("names are not in sequence");
    closeBlock();
    addBlock(block, block.length);
    int pairs = getInt(block, 4);
    int offset = HEADER;
    for (int i = 0; i < pairs; i++) offset = loadPair(block, offset);
    if (offset != block.length) throw new Corrupt("a block of names is too long");
  }

  /** Gives the place of the next one. */
  private int loadPair(byte[] block, int offset) throws Corrupt {
    int start = varintEnd(block, offset);
    int bytes = start < 0 ? -1 : varintEnd(block, start);
    if (bytes < 0) throw new Corrupt("a block of names is cut short");
    if (offset >= 1 << OFFSET_BITS) throw new Corrupt("a block of names is too long");
    long length = varint(block, start);
    if (length > block.length - bytes) throw new Corrupt("a name runs out of its block");
    int owner = (int) varint(block, offset);
    if (tree && (owner < 0 || owner > count)) throw new Corrupt("a name comes before its dir");
    int end = bytes + (int) length;
    number(blockCount - 1, offset, hash(owner, block, bytes, end));
    return end;
  }

  // --- blocks

  private void openBlock(int needed) {
    if (blockCount > 0 && tail + needed <= BLOCK_BYTES) {
      if (blocks[blockCount - 1].length < tail + needed) {
        blocks[blockCount - 1] = Arrays.copyOf(blocks[blockCount - 1], BLOCK_BYTES); // as loaded: cut to size
      }
      return;
    }
    closeBlock();
    addBlock(new byte[Math.max(BLOCK_BYTES, HEADER + needed)], HEADER);
    putInt(blocks[blockCount - 1], 0, count + 1);
  }

  private void closeBlock() {
    if (blockCount > 0 && blocks[blockCount - 1].length != tail) {
      blocks[blockCount - 1] = Arrays.copyOf(blocks[blockCount - 1], tail);
    }
  }

  private void addBlock(byte[] block, int used) {
    Bug.check(blockCount < MAX_BLOCKS, "more than %d MiB of names", MAX_BLOCKS >> 8);
    if (blockCount == blocks.length) blocks = Arrays.copyOf(blocks, 2 * blockCount);
    blocks[blockCount++] = block;
    tail = used;
  }

  // --- ids and hashes

  private int position(int id) {
    if (id <= 0 || id > count) throw Bug.of("id %d was never given out, the last is %d", id, count);
    return at[id];
  }

  /** Length of the bytes of a pair in the high half, where they begin in their block in the low one. */
  private long span(int id) {
    int position = position(id);
    byte[] block = blocks[position >>> OFFSET_BITS];
    int start = varintEnd(block, position & (1 << OFFSET_BITS) - 1);
    return varint(block, start) << 32 | varintEnd(block, start);
  }

  private boolean same(int id, int owner, byte[] bytes, int from, int to) {
    int position = at[id];
    byte[] block = blocks[position >>> OFFSET_BITS];
    int offset = position & (1 << OFFSET_BITS) - 1;
    if ((int) varint(block, offset) != owner) return false;
    int start = varintEnd(block, offset);
    int length = (int) varint(block, start);
    if (length != to - from) return false;
    int begin = varintEnd(block, start);
    return Arrays.equals(block, begin, begin + length, bytes, from, to);
  }

  private void number(int block, int offset, int hash) {
    count++;
    if (count >= at.length) at = Arrays.copyOf(at, at.length + at.length / 2);
    at[count] = block << OFFSET_BITS | offset;
    if (count * 3L > slots.length * 2L) rehash(2 * slots.length);
    insert(slots, (long) hash << 32 | count);
  }

  private void rehash(int size) {
    Bug.check(size > 0, "more than %d names", count);
    long[] larger = new long[size];
    for (long slot : slots) if (slot != 0) insert(larger, slot);
    slots = larger;
  }

  private static void insert(long[] slots, long slot) {
    int mask = slots.length - 1;
    int i = (int) (slot >>> 32) & mask;
    while (slots[i] != 0) i = i + 1 & mask;
    slots[i] = slot;
  }

  private static int tableSize(int pairs) {
    return Integer.highestOneBit(Math.max(1024, pairs + pairs / 2)) * 2;
  }

  private static int hash(int owner, byte[] bytes, int from, int to) {
    long h = seed(owner);
    for (int i = from; i < to; i++) h = step(h, bytes[i]);
    return mix(h);
  }

  /** The hash of a pair is made by this, a {@link #step} for each byte, and {@link #mix}. */
  static long seed(int owner) {
    return owner * 0x9E3779B97F4A7C15L;
  }

  static long step(long hash, byte b) {
    return hash * 31 + b; // a shift and a subtraction: half the latency of a true multiplication
  }

  static int mix(long hash) {
    long h = (hash ^ hash >>> 32) * 0xD6E8FEB86659FD93L;
    return (int) (h ^ h >>> 32);
  }

  // --- bytes

  private static long varint(byte[] bytes, int at) {
    byte b = bytes[at];
    if (b >= 0) return b;
    long value = b & 0x7F;
    for (int shift = 7; ; shift += 7) {
      b = bytes[++at];
      value |= (b & 0x7FL) << shift;
      if (b >= 0) return value;
    }
  }

  /** Where the varint here ends, or -1 when it has no end within an int. */
  private static int varintEnd(byte[] bytes, int at) {
    for (int i = at; i < bytes.length && i < at + 5; i++) if (bytes[i] >= 0) return i + 1;
    return -1;
  }

  private static int varintSize(int value) {
    int size = 1;
    for (int rest = value >>> 7; rest != 0; rest >>>= 7) size++;
    return size;
  }

  private static int putVarint(byte[] bytes, int at, int value) {
    while ((value & ~0x7F) != 0) {
      bytes[at++] = (byte) (value | 0x80);
      value >>>= 7;
    }
    bytes[at++] = (byte) value;
    return at;
  }

  private static void putInt(byte[] bytes, int at, int value) {
    for (int i = 0; i < 4; i++) bytes[at + i] = (byte) (value >>> 8 * i);
  }

  private static int getInt(byte[] bytes, int at) {
    return bytes[at] & 0xFF
        | (bytes[at + 1] & 0xFF) << 8
        | (bytes[at + 2] & 0xFF) << 16
        | (bytes[at + 3] & 0xFF) << 24;
  }
}

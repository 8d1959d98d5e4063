package lmake.store;

import lmake.base.Bug;
import lmake.graph.Names;

/**
 * Names of nodes as a prefix tree: a name is a component under the node of its dir, so a dir is spelt once. Components
 * may have any length and any bytes. An absolute name has its leading slash in its first component ({@code /usr} then
 * {@code lib}), a name outside the repo begins with the component {@code ..}. Engine's thread only.
 */
final class NameTree implements Names {
  private static final int CACHE = 1 << 14;

  private final KeyTable table;
  private byte[] scratch = new byte[1024];

  // Most names asked for were asked for before, as by each job that reads a header: a walk from the root costs ten
  // times this.
  private final String[] cachedNames = new String[CACHE];
  private final int[] cachedNodes = new int[CACHE];

  NameTree(KeyTable table) {
    this.table = table;
  }

  @Override
  public int find(String name) {
    return walk(name, false);
  }

  @Override
  public int intern(String name) {
    if (name.isEmpty()) throw Bug.of("a node needs a name");
    return walk(name, true);
  }

  private int walk(String name, boolean make) {
    int hash = name.hashCode();
    int slot = (hash ^ hash >>> 16) & CACHE - 1;
    if (name.equals(cachedNames[slot])) return cachedNodes[slot];
    int node = walkTree(name, make);
    if (node != 0) {
      cachedNames[slot] = name;
      cachedNodes[slot] = node;
    }
    return node;
  }

  /** Bytes and hash of each component in one pass over the chars. */
  private int walkTree(String name, boolean make) {
    int length = name.length();
    if (scratch.length < length * Text.MAX_PER_CHAR) scratch = new byte[length * Text.MAX_PER_CHAR];
    byte[] bytes = scratch;
    int node = 0;
    int end = 0;
    long hash = KeyTable.seed(0);
    for (int i = 0; i < length; i++) {
      char c = name.charAt(i);
      if (c == '/' && i > 0) { // a slash that opens the name belongs to its first component
        node = step(make, hash, node, bytes, end);
        if (node == 0) return 0;
        end = 0;
        hash = KeyTable.seed(node);
      } else if (c < 0x80) {
        bytes[end++] = (byte) c;
        hash = KeyTable.step(hash, (byte) c);
      } else {
        int from = end;
        end = Text.encodeWide(name, i, bytes, end);
        for (int j = from; j < end; j++) hash = KeyTable.step(hash, bytes[j]);
        if (end - from == 4) i++; // a pair of surrogates
      }
    }
    return length == 0 ? 0 : step(make, hash, node, bytes, end);
  }

  private int step(boolean make, long hash, int node, byte[] bytes, int end) {
    int mixed = KeyTable.mix(hash);
    return make ? table.intern(mixed, node, bytes, 0, end) : table.find(mixed, node, bytes, 0, end);
  }

  @Override
  public String name(int node) {
    int length = -1;
    for (int n = node; n != 0; n = table.owner(n)) length += table.length(n) + 1;
    if (scratch.length < length) scratch = new byte[length];
    int from = length;
    for (int n = node; n != 0; n = table.owner(n)) {
      from -= table.length(n);
      table.copy(n, scratch, from);
      if (from > 0) scratch[--from] = '/';
    }
    return Text.decode(scratch, 0, length);
  }

  @Override
  public int parent(int node) {
    return table.owner(node);
  }

  @Override
  public int count() {
    return table.count();
  }
}

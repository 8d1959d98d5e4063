package lmake.store;

import java.util.Arrays;
import lmake.base.Bug;
import lmake.graph.Names;

/**
 * Names of nodes as a prefix tree: a name is a component under the node of its dir, so a dir is spelt once. Components may
 * have any length and any bytes. An absolute name has its leading slash in its first component ({@code /usr} then {@code
 * lib}), a name outside the repo begins with the component {@code ..}. Engine's thread only.
 */
final class NameTree implements Names {
  private final KeyTable table;
  private byte[] scratch = new byte[1024];

  NameTree(KeyTable table) {
    this.table = table;
  }

  @Override
  public int find(String name) {
    int length = encode(name);
    int node = 0;
    for (int from = 0; from < length; ) {
      int to = slash(from, length);
      node = table.find(node, scratch, from, to);
      if (node == 0) return 0;
      from = to + 1;
    }
    return node;
  }

  @Override
  public int intern(String name) {
    Bug.check(!name.isEmpty(), "a node needs a name");
    int length = encode(name);
    int node = 0;
    for (int from = 0; from < length; ) {
      int to = slash(from, length);
      node = table.intern(node, scratch, from, to);
      from = to + 1;
    }
    return node;
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

  private int encode(String name) {
    int most = name.length() * Text.MAX_PER_CHAR;
    if (scratch.length < most) scratch = Arrays.copyOf(scratch, most);
    return Text.encode(name, scratch, 0);
  }

  /** End of the component that begins here; a slash that opens the name belongs to it. */
  private int slash(int from, int length) {
    int i = from == 0 ? 1 : from;
    while (i < length && scratch[i] != '/') i++;
    return i;
  }
}

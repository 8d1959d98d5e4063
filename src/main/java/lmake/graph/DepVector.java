package lmake.graph;

import java.util.Arrays;
import lmake.base.Bug;

/**
 * The deps of one run of a job, in order of first access. Struct of arrays: 16 bytes a dep. Immutable but for {@link
 * #resolve}, which turns a sig into the crc it stood for.
 */
public final class DepVector {
  /** In {@code bits}: same parallel group as the previous dep. */
  public static final int PARALLEL = 1 << 4;

  /** In {@code bits}: {@code value} is the sig of what the job read, not yet turned into a crc. */
  public static final int SIG = 1 << 5;

  /** In {@code bits}: read so close to its last change that what was read cannot be told; or two contents were seen. */
  public static final int HOT = 1 << 6;

  /** In {@code bits}: the dep was in error when its status was asked (access kind E). */
  public static final int ERROR = 1 << 7;

  /** Dep flags ({@link DepFlags}) begin at this bit. */
  public static final int FLAG_SHIFT = 8;

  public static final DepVector EMPTY = new DepVector(new int[0], new int[0], new long[0]);

  private final int[] nodes;
  private final int[] bits;
  private final long[] values;

  /** Takes the arrays, which must have one length, for its own. */
  public DepVector(int[] nodes, int[] bits, long[] values) {
    Bug.check(nodes.length == bits.length && nodes.length == values.length, "ragged dep vector");
    this.nodes = nodes;
    this.bits = bits;
    this.values = values;
  }

  public int size() {
    return nodes.length;
  }

  public int node(int i) {
    return nodes[i];
  }

  /** Access kinds, L R T E of {@link Accesses}. */
  public int kinds(int i) {
    return bits[i] & Accesses.KINDS;
  }

  /** Flags of {@link DepFlags}. */
  public int flags(int i) {
    return bits[i] >>> FLAG_SHIFT;
  }

  public boolean has(int i, int bit) {
    return (bits[i] & bit) != 0;
  }

  /** All bits, for the store. */
  public int bits(int i) {
    return bits[i];
  }

  /** Crc seen by the job, or its sig when {@link #SIG} is set. */
  public long value(int i) {
    return values[i];
  }

  /** The sig of this dep is now known to have stood for that content. */
  public void resolve(int i, long crc) {
    Bug.check((bits[i] & SIG) != 0, "dep %d is resolved already", nodes[i]);
    bits[i] &= ~SIG;
    values[i] = crc;
  }

  /** A copy whose dep i has other bits and value. */
  public DepVector with(int i, int newBits, long newValue) {
    DepVector copy = new DepVector(nodes, bits.clone(), values.clone());
    copy.bits[i] = newBits;
    copy.values[i] = newValue;
    return copy;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof DepVector o
        && Arrays.equals(nodes, o.nodes)
        && Arrays.equals(bits, o.bits)
        && Arrays.equals(values, o.values);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(nodes) * 31 + Arrays.hashCode(values);
  }

  /** Collects deps; not for use after {@link #build}. */
  public static final class Builder {
    private int[] nodes = new int[16];
    private int[] bits = new int[16];
    private long[] values = new long[16];
    private int size;

    public Builder add(int node, int kinds, int flags, boolean parallel, int marks, long value) {
      if (size == nodes.length) {
        nodes = Arrays.copyOf(nodes, 2 * size);
        bits = Arrays.copyOf(bits, 2 * size);
        values = Arrays.copyOf(values, 2 * size);
      }
      nodes[size] = node;
      bits[size] = kinds & Accesses.KINDS | (parallel ? PARALLEL : 0) | marks | flags << FLAG_SHIFT;
      values[size] = value;
      size++;
      return this;
    }

    public DepVector build() {
      return new DepVector(Arrays.copyOf(nodes, size), Arrays.copyOf(bits, size), Arrays.copyOf(values, size));
    }
  }
}

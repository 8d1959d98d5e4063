package lmake.store;

import lmake.graph.DepVector;
import lmake.graph.TargetVector;

/**
 * Targets and deps of a job as one value. Node ids are differences to the previous one, since a job reads neighbours;
 * bits are left out when equal to the previous ones; a state ({@link lmake.base.Crc} below 128) takes one byte: some 10
 * bytes a dep, 3 when it is absent.
 *
 * <pre>
 *   targets: varint count, then per target
 *              varint zigzag(node - previous) &lt;&lt; 2 | noSig &lt;&lt; 1 | small
 *              varint flags, crc (1 byte if small, else 8), sig (8 bytes unless noSig)
 *   deps:    varint count, then per dep
 *              varint zigzag(node - previous) &lt;&lt; 2 | sameBits &lt;&lt; 1 | small
 *              varint bits unless sameBits, value (1 byte if small, else 8)
 * </pre>
 */
final class BodyCodec {
  private static final int SMALL = 1;
  private static final int NO_SIG = 2;
  private static final int SAME_BITS = 2;
  private static final int SMALL_LIMIT = 128;

  private BodyCodec() {}

  static void encode(TargetVector targets, DepVector deps, Out out) {
    encode(targets, out);
    encode(deps, out);
  }

  private static void encode(TargetVector targets, Out out) {
    int previous = 0;
    out.varint(targets.size());
    for (int i = 0; i < targets.size(); i++) {
      int marks = (small(targets.crc(i)) ? SMALL : 0) | (targets.sig(i) == 0 ? NO_SIG : 0);
      out.varint(Out.zigzag((long) targets.node(i) - previous) << 2 | marks);
      out.varint(targets.flags(i) & 0xFFFFFFFFL);
      value(targets.crc(i), out);
      if ((marks & NO_SIG) == 0) out.u64(targets.sig(i));
      previous = targets.node(i);
    }
  }

  private static void encode(DepVector deps, Out out) {
    int previous = 0;
    int bits = 0;
    out.varint(deps.size());
    for (int i = 0; i < deps.size(); i++) {
      int marks = (small(deps.value(i)) ? SMALL : 0) | (deps.bits(i) == bits ? SAME_BITS : 0);
      out.varint(Out.zigzag((long) deps.node(i) - previous) << 2 | marks);
      if ((marks & SAME_BITS) == 0) out.varint(deps.bits(i) & 0xFFFFFFFFL);
      value(deps.value(i), out);
      previous = deps.node(i);
      bits = deps.bits(i);
    }
  }

  static TargetVector decodeTargets(In in) {
    int size = in.count();
    int[] nodes = new int[size];
    int[] flags = new int[size];
    long[] crcs = new long[size];
    long[] sigs = new long[size];
    int previous = 0;
    for (int i = 0; i < size; i++) {
      long word = in.varint();
      previous += (int) In.unzigzag(word >>> 2);
      nodes[i] = previous;
      flags[i] = (int) in.varint();
      crcs[i] = value(word, in);
      sigs[i] = (word & NO_SIG) != 0 ? 0 : in.u64();
    }
    return size == 0 ? TargetVector.EMPTY : new TargetVector(nodes, flags, crcs, sigs);
  }

  /** Deps, which follow the targets. */
  static DepVector decodeDeps(In in) {
    int size = in.count();
    int[] nodes = new int[size];
    int[] bits = new int[size];
    long[] values = new long[size];
    int previous = 0;
    int last = 0;
    for (int i = 0; i < size; i++) {
      long word = in.varint();
      previous += (int) In.unzigzag(word >>> 2);
      nodes[i] = previous;
      if ((word & SAME_BITS) == 0) last = (int) in.varint();
      bits[i] = last;
      values[i] = value(word, in);
    }
    return size == 0 ? DepVector.EMPTY : new DepVector(nodes, bits, values);
  }

  private static boolean small(long value) {
    return value >= 0 && value < SMALL_LIMIT;
  }

  private static void value(long value, Out out) {
    if (small(value)) out.u8((int) value);
    else out.u64(value);
  }

  private static long value(long word, In in) {
    return (word & SMALL) != 0 ? in.u8() : in.u64();
  }
}

package lmake.store;

import java.nio.ByteBuffer;
import java.util.Optional;
import lmake.graph.DepVector;
import lmake.graph.Shelf;
import lmake.graph.TargetVector;

/**
 * Jobs by rule and stems, and their deps and targets, read when first asked. A key is the rule and, in order, length
 * and bytes of each stem. Engine's thread only.
 */
final class JobShelf implements Shelf {
  private final KeyTable keys;
  private final Lmdb lmdb;
  private final Out scratch = new Out(256);

  JobShelf(KeyTable keys, Lmdb lmdb) {
    this.keys = keys;
    this.lmdb = lmdb;
  }

  @Override
  public int findJob(int rule, String[] stems) {
    int size = encode(stems);
    return keys.find(rule, scratch.array(), 0, size);
  }

  @Override
  public int addJob(int rule, String[] stems) {
    int size = encode(stems);
    return keys.intern(rule, scratch.array(), 0, size);
  }

  /** The rule of a job. */
  int rule(int job) {
    return keys.owner(job);
  }

  @Override
  public String[] stems(int job) {
    byte[] bytes = new byte[keys.length(job)];
    keys.copy(job, bytes, 0);
    In in = new In(bytes);
    String[] stems = new String[in.count()];
    for (int i = 0; i < stems.length; i++) stems[i] = in.string();
    return stems;
  }

  @Override
  public DepVector deps(int job) {
    Optional<ByteBuffer> body = lmdb.get(Table.BODIES, job);
    if (body.isEmpty()) return DepVector.EMPTY;
    In in = In.of(body.get());
    BodyCodec.decodeTargets(in);
    return BodyCodec.decodeDeps(in);
  }

  @Override
  public TargetVector targets(int job) {
    return lmdb.get(Table.BODIES, job).map(In::of).map(BodyCodec::decodeTargets).orElse(TargetVector.EMPTY);
  }

  @Override
  public int jobCount() {
    return keys.count();
  }

  private int encode(String[] stems) {
    scratch.clear().varint(stems.length);
    for (String stem : stems) scratch.string(stem);
    return scratch.size();
  }
}

package lmake.server;

import java.nio.ByteBuffer;
import lmake.store.Store;

/**
 * Numbers of executions, never used twice in the life of a repo: they are told to jobs and name tmp dirs. Reserved by
 * many, so that a server that dies wastes some rather than gives one again. Engine's thread.
 */
final class Attempts {
  private static final String BLOB = "attempts";
  private static final long CHUNK = 10_000;

  private final Store store;
  private final long first;
  private long reserved;

  Attempts(Store store) {
    this.store = store;
    byte[] kept = store.blob(BLOB);
    first = kept.length == Long.BYTES ? ByteBuffer.wrap(kept).getLong() : 1;
    reserved = first;
  }

  /** The engine counts from here. */
  long first() {
    return first;
  }

  /** True when the store must be committed before this number is used. */
  boolean reserve(long attempt) {
    if (attempt < reserved) return false;
    reserved = attempt + CHUNK;
    store.setBlob(BLOB, ByteBuffer.allocate(Long.BYTES).putLong(reserved).array());
    return true;
  }
}

package lmake.server;

import java.nio.ByteBuffer;
import lmake.engine.Engine;
import lmake.store.Store;

/**
 * Until when runs may have written files that nobody told us of: their server, their agent or the machine died first.
 * Kept in the store, since such a file may be met much later. Engine's thread.
 */
final class Orphans {
  private static final String BLOB = "orphans";

  /** A job whose agent is gone is killed at once, but not in no time. */
  private static final long DYING_NS = 5_000_000_000L;

  private final Store store;
  private final Engine engine;

  /** Takes account of how the store was left. */
  Orphans(Store store, Engine engine) {
    this.store = store;
    this.engine = engine;
    byte[] kept = store.blob(BLOB);
    if (kept.length == Long.BYTES) engine.orphansUntil(ByteBuffer.wrap(kept).getLong());
    if (store.lostTrack()) lostTrack();
  }

  /** Runs end now without our knowing what they did. */
  void lostTrack() {
    long until = Dates.now() + DYING_NS;
    store.setBlob(BLOB, ByteBuffer.allocate(Long.BYTES).putLong(until).array());
    engine.orphansUntil(until);
  }
}

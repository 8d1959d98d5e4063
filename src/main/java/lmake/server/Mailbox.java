package lmake.server;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What the other threads want done on the engine's. Never full, never blocks who posts. */
final class Mailbox {
  /** Most letters of one batch: one commit for them all, and an answer to those who wait in bounded time. */
  private static final int BATCH = 512;

  private final LinkedBlockingQueue<Runnable> letters = new LinkedBlockingQueue<>();

  void post(Runnable letter) {
    letters.add(letter);
  }

  /** Waits for letters, but no longer than this; none when there was none. Engine's thread only. */
  List<Runnable> take(long waitNs) throws InterruptedException {
    List<Runnable> batch = new ArrayList<>();
    Runnable first = waitNs <= 0 ? letters.poll() : letters.poll(waitNs, TimeUnit.NANOSECONDS);
    if (first == null) return batch;
    batch.add(first);
    letters.drainTo(batch, BATCH - 1);
    return batch;
  }
}

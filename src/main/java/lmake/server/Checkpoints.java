package lmake.server;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import lmake.base.UserError;
import lmake.store.Store;

/**
 * The thread that makes commits survive a power cut: at most 2 s after one, or 500 jobs, whichever is first. The
 * engine does not wait for the disk.
 */
final class Checkpoints implements Runnable {
  private static final long DELAY_MS = 2000;
  private static final int MAX_JOBS = 500;

  private final Store store;
  private final Semaphore dirty = new Semaphore(0);
  private final Semaphore jobs = new Semaphore(0);
  private boolean stopped;

  Checkpoints(Store store) {
    this.store = store;
  }

  /** Something may have been committed. Any thread. */
  void committed() {
    if (dirty.availablePermits() == 0) dirty.release();
  }

  /** A job has ended. Any thread. */
  void jobEnded() {
    jobs.release();
  }

  @Override
  public void run() {
    try {
      while (true) {
        dirty.acquire();
        if (!jobs.tryAcquire(MAX_JOBS, DELAY_MS, TimeUnit.MILLISECONDS)) jobs.drainPermits();
        dirty.drainPermits();
        save();
      }
    } catch (InterruptedException end) {
      Thread.currentThread().interrupt();
    }
  }

  /** No more from now on: the store is about to be closed. Waits for the one that is being made. */
  synchronized void stop() {
    stopped = true;
  }

  private synchronized void save() {
    if (stopped) return;
    try {
      store.checkpoint();
    } catch (UserError e) {
      // The one before stands; commits, which users wait for, tell them when the disk is full.
      ServerLog.say(e.getMessage());
    }
  }
}

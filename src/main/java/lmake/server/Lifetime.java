package lmake.server;

import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import lmake.base.UserError;

/**
 * When the server leaves: alone for a while, or asked to. It leaves with {@code start.lock} in hand, so that whoever
 * finds no server waits until this one is gone, and starts another; and only if nobody is connected once its socket
 * has no name. Engine's thread.
 */
final class Lifetime {
  private static final long DEFAULT_IDLE_S = 15 * 60;

  private final Lib lib;
  private final Connections connections;
  private final EngineLoop loop;
  private final BooleanSupplier working;
  private final boolean forOne;
  private long idleNs = DEFAULT_IDLE_S * 1_000_000_000;
  private long aloneSince = System.nanoTime();
  private boolean alone = true;
  private boolean stays;
  private boolean asked;
  private boolean leaving;

  /**
   * @param working whether something goes on, clients or not
   * @param forOne nobody else can find us: leave with our only client
   */
  Lifetime(Lib lib, Connections connections, EngineLoop loop, BooleanSupplier working, boolean forOne) {
    this.lib = lib;
    this.connections = connections;
    this.loop = loop;
    this.working = working;
    this.forOne = forOne;
  }

  void served(Map<String, String> environ) {
    alone = false;
    String seconds = environ.getOrDefault("LMAKE_IDLE", "");
    idleNs = (seconds.matches("[0-9]{1,9}") ? Long.parseLong(seconds) : DEFAULT_IDLE_S) * 1_000_000_000;
  }

  /** The last client has gone. */
  void alone() {
    alone = true;
    aloneSince = System.nanoTime();
    if (forOne) loop.stop();
    else consider();
  }

  /** However long nobody comes. */
  void stay() {
    stays = true;
  }

  /** Leave as soon as the clients are gone. */
  void ask() {
    asked = true;
  }

  /** Leaves if it is time to; to be called whenever that may have changed. */
  void consider() {
    boolean due = asked || !stays && System.nanoTime() - aloneSince >= idleNs;
    if (!alone || leaving || !due || working.getAsBoolean()) return;
    try {
      Optional<KernelLock> lock = KernelLock.tryTake(lib, Places.START_LOCK);
      // A client is on its way, holding it: it will find us, or come back.
      if (lock.isEmpty()) return;
      leaving = true;
      connections.leave(left -> loop.post(() -> decided(left, lock.get())));
    } catch (UserError e) {
      ServerLog.say(e.getMessage());
    }
  }

  private void decided(boolean left, KernelLock lock) {
    leaving = false;
    // When it left, the lock goes with the process.
    if (left) loop.stop();
    else lock.release();
  }
}

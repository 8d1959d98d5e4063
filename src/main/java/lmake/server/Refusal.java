package lmake.server;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import lmake.base.UserError;

/**
 * A server that cannot start says why to those who wait for it, rather than to its log, which may be on the very disk
 * that is full. Main thread waits, the connections' thread answers.
 */
final class Refusal implements Connections.Hearer {
  private static final int PATIENCE_S = 5;
  private static final long LAST_WORDS_MS = 1000;

  private final UserError why;
  private final CountDownLatch told = new CountDownLatch(1);

  private Refusal(UserError why) {
    this.why = why;
  }

  /** Waits until somebody was told, but not for ever. */
  static void tell(UserError why, Path socket) throws IOException, InterruptedException {
    Refusal refusal = new Refusal(why);
    Connections connections = new Connections(socket, refusal);
    connections.listen();
    Thread thread = new Thread(connections, "connections");
    thread.setDaemon(true);
    thread.start();
    if (!refusal.told.await(PATIENCE_S, TimeUnit.SECONDS)) ServerLog.say("nobody came to hear: " + why.getMessage());
    connections.dismiss(why.code(), why.getMessage(), LAST_WORDS_MS);
  }

  @Override
  public void hello(Client client) {
    client.err((why.getMessage() + "\n").getBytes(StandardCharsets.UTF_8));
    client.exit(why.code());
    told.countDown();
  }

  @Override
  public void interrupt(Client client) {
    // It is told to exit already.
  }

  @Override
  public void lost(Client client) {
    told.countDown();
  }

  @Override
  public void alone() {
    // Whoever comes meanwhile is told too.
  }
}

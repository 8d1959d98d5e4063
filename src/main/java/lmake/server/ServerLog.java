package lmake.server;

import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;

/**
 * Lines for whoever looks after the server. They go to standard error, which whoever started us has opened on
 * {@code LMAKE/lmake/server.log}. Any thread.
 */
final class ServerLog {
  private ServerLog() {}

  static void say(String line) {
    LocalDateTime now = LocalDateTime.now().truncatedTo(ChronoUnit.MILLIS);
    System.err.println(now + " " + ProcessHandle.current().pid() + " " + line);
  }

  static void say(String line, Throwable cause) {
    synchronized (System.err) {
      say(line);
      cause.printStackTrace();
    }
  }
}

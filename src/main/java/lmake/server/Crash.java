package lmake.server;

import java.util.List;
import lmake.base.ExitCode;
import lmake.engine.Event;

/** Last words of a server that must stop at once: clients are told in one sentence, the log gets the rest. */
final class Crash {
  private static final long LAST_WORDS_MS = 1000;

  private Crash() {}

  /** A promise of ours is broken. The store stays as last committed, and is not marked as cleanly left. */
  static void broken(Throwable bug, List<Event> lastEvents, Connections connections) {
    ServerLog.say("internal error, last events were:");
    for (Event event : lastEvents) System.err.println("  " + event);
    ServerLog.say("internal error:", bug);
    String sentence = "internal error, please report it with " + Places.LOG + "; nothing is lost, run again";
    tell(connections, ExitCode.INTERNAL, sentence);
  }

  /** Somebody else's fault, such as a full disk. */
  static void stopped(CannotGoOn why, Connections connections) {
    ServerLog.say(why.getMessage());
    tell(connections, why.error().code(), why.getMessage());
  }

  private static void tell(Connections connections, ExitCode code, String sentence) {
    connections.dismiss(code, sentence, LAST_WORDS_MS);
  }
}

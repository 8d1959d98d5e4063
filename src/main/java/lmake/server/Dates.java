package lmake.server;

import java.time.Instant;

/** The clock, as the engine wants it told: nanoseconds since the epoch. Any thread. */
final class Dates {
  private Dates() {}

  static long now() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000_000 + now.getNano();
  }
}

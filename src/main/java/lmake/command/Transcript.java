package lmake.command;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import lmake.report.Line;
import lmake.report.LogFile;
import lmake.report.Paint;
import lmake.report.Place;

/** Where lines go: the console, as seen from the startup dir and in colours, and the log if there is one. */
final class Transcript {
  private final Session session;
  private final Place place;
  private final Paint paint;
  private Optional<LogFile> log = Optional.empty();

  Transcript(Session session, Place place, Paint paint) {
    this.session = session;
    this.place = place;
    this.paint = paint;
  }

  Place place() {
    return place;
  }

  Paint paint() {
    return paint;
  }

  Session session() {
    return session;
  }

  /** From now on, lines also go there. */
  void log(LogFile file) {
    log = Optional.of(file);
  }

  void print(Line line) {
    session.out(line.bytes(place, paint));
    logOnly(line);
  }

  void print(Iterable<Line> lines) {
    for (Line line : lines) print(line);
  }

  /** To the console alone. */
  void escape(String text) {
    session.out(text.getBytes(StandardCharsets.US_ASCII));
  }

  void logOnly(Line line) {
    if (log.isEmpty()) return;
    try {
      log.get().write(line.bytes(place.atRoot(), Paint.OFF));
    } catch (IOException e) {
      lost(e);
    }
  }

  void flush() {
    if (log.isEmpty()) return;
    try {
      log.get().flush();
    } catch (IOException e) {
      lost(e);
    }
  }

  void close() {
    if (log.isEmpty()) return;
    try {
      log.get().close();
    } catch (IOException e) {
      lost(e);
    }
    log = Optional.empty();
  }

  /** A log that cannot be written is no reason not to build: it is said once, and the log ends there. */
  void lost(IOException e) {
    log = Optional.empty();
    complain("cannot write the log : " + e);
  }

  void complain(String text) {
    session.err(Line.of(text).bytes(place, Paint.OFF));
  }
}

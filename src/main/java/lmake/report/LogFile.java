package lmake.report;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The log of one req, below {@code LMAKE/outputs}, and the link to the last one. Blocking, small writes; engine's
 * thread.
 */
public final class LogFile implements AutoCloseable {
  private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("yyyy-MM-dd");
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss");

  private final OutputStream out;
  private final String name;

  private LogFile(OutputStream out, String name) {
    this.out = out;
    this.name = name;
  }

  /**
   * Makes the log of a req that begins now.
   *
   * @param admin the dir {@code LMAKE}
   * @param date nanoseconds since the epoch
   * @param historyDays how many day dirs are kept, this one included; 0 keeps this one only
   */
  public static LogFile open(Path admin, long date, ZoneId zone, int historyDays) throws IOException {
    Instant instant = Instant.ofEpochSecond(Math.floorDiv(date, 1_000_000_000L), Math.floorMod(date, 1_000_000_000L));
    ZonedDateTime when = instant.atZone(zone);
    Path outputs = admin.resolve("outputs");
    Path day = outputs.resolve(DAY.format(when));
    if (!Files.isDirectory(day)) {
      Files.createDirectories(day);
      forget(outputs, Math.max(1, historyDays));
    }
    String nanos = String.format("%09d", when.getNano());
    for (int digits = 0; ; digits++) {
      String name = TIME.format(when) + (digits == 0 ? "" : "." + nanos.substring(0, Math.min(digits, 9)));
      // Two reqs in the same nanosecond: whoever comes second is told apart by a number.
      if (digits > 9) name += "." + (digits - 9);
      try {
        OutputStream file =
            Files.newOutputStream(day.resolve(name), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        link(admin, "outputs/" + day.getFileName() + "/" + name);
        return new LogFile(new BufferedOutputStream(file), "outputs/" + day.getFileName() + "/" + name);
      } catch (FileAlreadyExistsException taken) {
        continue; // one more digit
      }
    }
  }

  /** Relative to {@code LMAKE}. */
  public String name() {
    return name;
  }

  public void write(byte[] bytes) throws IOException {
    out.write(bytes);
  }

  public void flush() throws IOException {
    out.flush();
  }

  @Override
  public void close() throws IOException {
    out.close();
  }

  private static void link(Path admin, String target) throws IOException {
    Path fresh = admin.resolve("last_output.new");
    Files.deleteIfExists(fresh);
    Files.createSymbolicLink(fresh, Path.of(target));
    Files.move(fresh, admin.resolve("last_output"), StandardCopyOption.ATOMIC_MOVE);
  }

  private static void forget(Path outputs, int days) throws IOException {
    List<Path> known;
    try (Stream<Path> dirs = Files.list(outputs)) {
      known =
          dirs.filter(dir -> dir.getFileName().toString().matches("\\d{4}-\\d\\d-\\d\\d")).sorted()
              .collect(Collectors.toList());
    }
    for (Path old : known.subList(0, Math.max(0, known.size() - days))) {
      List<Path> logs;
      try (Stream<Path> files = Files.list(old)) {
        logs = files.collect(Collectors.toList());
      }
      for (Path log : logs) Files.delete(log);
      Files.delete(old);
    }
  }
}

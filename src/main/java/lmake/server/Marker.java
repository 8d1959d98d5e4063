package lmake.server;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;

/**
 * {@code LMAKE/server}: there exactly while a server is alive. Who removes or changes it tells the server to stop at
 * once. Nothing is decided from one found at start: the kernel lock says who is alive. Engine's thread.
 */
final class Marker {
  private final Path path;
  private final byte[] content;
  private FileTime date;

  Marker(Path path, String address, long pid) {
    this.path = path;
    this.content = (address + "\n" + pid + "\n").getBytes(StandardCharsets.UTF_8);
  }

  void write() throws IOException {
    Path fresh = path.resolveSibling(path.getFileName() + ".new");
    Files.write(fresh, content);
    Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
    date = Files.getLastModifiedTime(path);
  }

  /** False once somebody removed, replaced or changed it; a mere touch is nothing. */
  boolean intact() {
    try {
      FileTime now = Files.getLastModifiedTime(path);
      if (now.equals(date)) return true;
      if (!Arrays.equals(Files.readAllBytes(path), content)) return false;
      date = now;
      return true;
    } catch (NoSuchFileException gone) {
      return false;
    } catch (IOException e) {
      ServerLog.say("cannot read " + path + ": " + e);
      return false;
    }
  }

  /** Only our own: a changed one belongs to who changed it. */
  void remove() {
    try {
      if (intact()) Files.delete(path);
    } catch (IOException e) {
      ServerLog.say("cannot remove " + path + ": " + e);
    }
  }
}

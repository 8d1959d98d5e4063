package lmake.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** What must survive a power cut is written here: content first, then its name, then the dir that holds the name. */
final class Disk {
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

  private static final String UNFINISHED = ".new";

  private Disk() {}

  /** Replaces a file whole: after a power cut it is the old one or the new one. */
  static void replace(Path file, byte[] content) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + UNFINISHED);
    try (FileChannel channel =
        FileChannel.open(
            fresh, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
      writeFully(channel, content, 0);
      channel.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    syncDir(file.toAbsolutePath().getParent());
  }

  /** Removes what {@link #replace} had not finished when its process was killed, of all files of a dir. */
  static void removeUnfinished(Path dir) throws IOException {
    for (Path entry : list(dir)) if (entry.toString().endsWith(UNFINISHED)) Files.delete(entry);
  }

  /** Writes over part of a file, durably. */
  static void overwrite(Path file, byte[] content, long at) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      writeFully(channel, content, at);
      channel.force(true);
    }
  }

  /** Makes the names in a dir durable. */
  static void syncDir(Path dir) throws IOException {
    try (FileChannel channel = FileChannel.open(dir, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** The first bytes of a file: as many as asked, or all there are. */
  static byte[] head(Path file, int size) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(size, channel.size()));
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, buffer.position()) < 0) break;
      }
      return java.util.Arrays.copyOf(buffer.array(), buffer.position());
    }
  }

  /** Tells a kernel from the one before the last power cut; empty where the kernel does not say. */
  static String bootId() throws IOException {
    return Files.isReadable(BOOT_ID) ? Files.readString(BOOT_ID).strip() : "";
  }

  /** Sorted, so that what is done with them does not depend on the file system. Empty when there is no such dir. */
  static List<Path> list(Path dir) throws IOException {
    List<Path> entries = new ArrayList<>();
    if (!Files.isDirectory(dir)) return entries;
    try (var stream = Files.newDirectoryStream(dir)) {
      for (Path entry : stream) entries.add(entry);
    }
    entries.sort(null);
    return entries;
  }

  private static void writeFully(FileChannel channel, byte[] content, long at) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(content);
    while (buffer.hasRemaining()) channel.write(buffer, at + buffer.position());
  }
}

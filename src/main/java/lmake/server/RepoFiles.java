package lmake.server;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;

/** What a server finds or leaves below {@code LMAKE} for the sake of order. Engine's thread, at start and at exit. */
final class RepoFiles {
  private static final Path ROOT_LINK = Path.of("LMAKE", "lmake_root");
  private static final Path AUTO_TMP = Path.of("LMAKE", "auto_tmp");

  private RepoFiles() {}

  /** Tells which installation serves this repo. */
  static void linkInstallation(Places places) throws IOException {
    Path target = Path.of(places.installDir());
    try {
      if (Files.readSymbolicLink(ROOT_LINK).equals(target)) return;
    } catch (NoSuchFileException | NotLinkException other) {
      // Made below, in place of whatever is there.
    }
    Path fresh = ROOT_LINK.resolveSibling("lmake_root.new");
    Files.deleteIfExists(fresh);
    Files.createSymbolicLink(fresh, target);
    Files.move(fresh, ROOT_LINK, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Removes tmp dirs of jobs that are no more. Follows no link. */
  static void emptyTmp() throws IOException {
    if (!Files.isDirectory(AUTO_TMP, java.nio.file.LinkOption.NOFOLLOW_LINKS)) return;
    Files.walkFileTree(
        AUTO_TMP,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path dir, IOException error) throws IOException {
            if (error != null) throw error;
            if (!dir.equals(AUTO_TMP)) Files.delete(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}

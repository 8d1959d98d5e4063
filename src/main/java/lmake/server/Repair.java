package lmake.server;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import lmake.base.ExitCode;
import lmake.base.UserError;
import lmake.command.Session;
import lmake.rules.RuleBook;
import lmake.store.Store;
import lmake.wire.PathBytes;

/**
 * {@code lmake_repair}: {@code LMAKE} becomes {@code LMAKE.bck}, and a fresh one is filled with what is still known of
 * jobs. Every step is a rename or can be done again, so that it may be interrupted anywhere: what is found tells where
 * to go on. Nobody else is at work meanwhile, by the locks of servers and of those who start them. Main thread, but for
 * {@link #fill}.
 *
 * <pre>
 *   LMAKE                          not begun
 *   LMAKE.bck                      between the two renames
 *   LMAKE (with repairing), .bck   being filled: thrown away and begun again
 *   LMAKE, LMAKE.bck               done, or none of ours: for the user to say which one to keep
 * </pre>
 */
final class Repair {
  static final Path MARK = Path.of("LMAKE", "repairing");
  private static final Path HERE = Path.of("LMAKE");
  private static final Path KEPT = Path.of("LMAKE.bck");
  private static final Path FRESH = Path.of("LMAKE.new");
  private static final Path GONE = Path.of("LMAKE.gone");
  private static final Path LIST = Path.of("LMAKE", "repaired_jobs");

  /** Where the store was, seen from the root. */
  private static final Path PAST = KEPT.resolve(HERE.relativize(Places.STORE));

  private final Lib lib;

  Repair(Lib lib) {
    this.lib = lib;
  }

  // --- places

  /**
   * Leaves a fresh {@code LMAKE} in place, the former one beside it.
   *
   * @return the lock that makes us the only one here
   */
  KernelLock begin() throws UserError, IOException {
    remove(GONE);
    remove(FRESH);
    boolean here = Files.exists(HERE, LinkOption.NOFOLLOW_LINKS);
    boolean kept = Files.exists(KEPT, LinkOption.NOFOLLOW_LINKS);
    boolean begun = Files.exists(MARK, LinkOption.NOFOLLOW_LINKS);
    if (!here && !kept) throw new UserError(ExitCode.VERSION, "repo not initialized, consider : lmake");
    if (here) alone();
    if (here && kept && !begun) throw refused("both LMAKE and LMAKE.bck exist, consider one of :"
        + "\n  rm -r LMAKE.bck          what is in LMAKE is good\n  rm -r LMAKE              repair from LMAKE.bck again");
    if (begun && !kept) throw refused("a repair was interrupted and LMAKE.bck is gone, consider : rm -r LMAKE");
    if (here && !begun) {
      VersionGate.pass("lmake_repair", false);
      if (!Files.exists(HERE.resolve("version"))) {
        throw new UserError(ExitCode.VERSION, "repo not initialized, consider : lmake");
      }
      if (!Store.hasPast(Places.STORE)) throw new UserError(ExitCode.FAIL, "nothing to repair : no job was ever run");
    }
    make();
    if (begun) Files.move(HERE, GONE, StandardCopyOption.ATOMIC_MOVE);
    else if (here) Files.move(HERE, KEPT, StandardCopyOption.ATOMIC_MOVE);
    Files.move(FRESH, HERE, StandardCopyOption.ATOMIC_MOVE);
    remove(GONE);
    return alone();
  }

  private static void make() throws IOException {
    Files.createDirectory(FRESH);
    Files.createDirectory(
        FRESH.resolve("lmake"), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Files.createFile(FRESH.resolve(MARK.getFileName()));
    VersionGate.write(FRESH.resolve("version"));
  }

  /** No server is there, and none can start. */
  private KernelLock alone() throws UserError, IOException {
    Files.createDirectories(Path.of(Places.PRIVATE));
    Optional<KernelLock> starting = KernelLock.tryTake(lib, Places.START_LOCK);
    Optional<KernelLock> serving = starting.isEmpty() ? starting : KernelLock.tryTake(lib, Places.SERVER_LOCK);
    return serving.orElseThrow(() -> refused("a server is alive, consider : lmake --shutdown, then lmake_repair again"));
  }

  /** Puts everything back as it was. */
  void undo() throws IOException {
    Files.move(HERE, GONE, StandardCopyOption.ATOMIC_MOVE);
    Files.move(KEPT, HERE, StandardCopyOption.ATOMIC_MOVE);
    remove(GONE);
  }

  // --- content

  /** Fills the graph and says what came of it; engine's thread. */
  static void fill(Session session, Store store, lmake.graph.Graph graph, RuleBook book, Disk disk)
      throws UserError, IOException {
    Replay replay = new Replay(store, graph, book, disk);
    List<String> kept = replay.run(PAST);
    store.commit(graph);
    store.checkpoint();
    Files.write(LIST, PathBytes.encode(String.join("\n", kept) + (kept.isEmpty() ? "" : "\n")));
    Files.delete(MARK);
    say(session, kept.size() + "/" + replay.total() + " jobs repaired, their names are in " + LIST);
    say(session, "  the others run again when they are needed, marks of lmark are lost");
    say(session, "consider :");
    say(session, "  rm -r LMAKE.bck                          when all is well");
    say(session, "  rm -r LMAKE ; mv LMAKE.bck LMAKE         to step back");
    say(session, "  rm -r LMAKE ; lmake_repair               to repair again");
  }

  static void announce(Session session) {
    say(session, "LMAKE was moved to LMAKE.bck and a new one is made of what is known of jobs");
    say(session, "  if this is interrupted : lmake_repair goes on");
  }

  private static void say(Session session, String line) {
    session.out((line + "\n").getBytes(StandardCharsets.UTF_8));
  }

  private static UserError refused(String why) {
    return new UserError(ExitCode.BAD_STATE, why);
  }

  /** Follows no link. */
  private static void remove(Path tree) throws IOException {
    if (!Files.exists(tree, LinkOption.NOFOLLOW_LINKS)) return;
    Files.walkFileTree(
        tree,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path dir, IOException error) throws IOException {
            if (error != null) throw error;
            Files.delete(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}

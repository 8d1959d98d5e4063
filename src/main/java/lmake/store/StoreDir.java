package lmake.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import lmake.base.ExitCode;
import lmake.base.UserError;

/**
 * The files of a store: {@code format}, {@code data.mdb}, {@code lock.mdb}, {@code checkpoint}. Makes them, tells
 * whether they were left clean, puts back what a power cut undid, moves a damaged store aside. No state but the path;
 * all before LMDB opens the data.
 */
record StoreDir(Path dir) {
  /** Changes whenever what we write can no longer be read by what was. */
  static final int FORMAT = 1;

  private static final String FORMAT_FILE = "format";
  private static final int LIVE_TRIES = 5;
  private static final String FORMAT_WORDS = "lmake store ";

  /**
   * How the store was left.
   *
   * @param clean nobody wrote since the last checkpoint
   * @param rebooted the machine stopped since, by a power cut for all we know: files may not hold what their date says
   */
  record Found(boolean clean, boolean rebooted) {}

  Path data() {
    return dir.resolve(Lmdb.DATA);
  }

  boolean exists() throws IOException {
    return !Disk.list(dir).isEmpty();
  }

  /** Makes an empty store, whole or not at all: beside its place, then renamed. */
  void create(long mapBytes) throws IOException, Corrupt {
    Path fresh = dir.resolveSibling(dir.getFileName() + ".new");
    remove(fresh);
    Files.createDirectories(fresh);
    StoreDir made = new StoreDir(fresh);
    Disk.replace(fresh.resolve(FORMAT_FILE), (FORMAT_WORDS + FORMAT + "\n").getBytes(StandardCharsets.US_ASCII));
    try (Lmdb lmdb = Lmdb.open(fresh, mapBytes, false, true)) {
      lmdb.sync();
    }
    made.checkpoint(true, false).write(fresh);
    Files.deleteIfExists(dir); // an empty dir, if anything
    Files.move(fresh, dir);
    Disk.syncDir(dir.toAbsolutePath().getParent());
  }

  /** Refuses a store of another format. */
  void checkFormat() throws IOException, UserError, Corrupt {
    String text;
    try {
      text = new String(Disk.head(dir.resolve(FORMAT_FILE), 100), StandardCharsets.ISO_8859_1).strip();
    } catch (NoSuchFileException e) {
      throw new Corrupt("its file '%s' is missing", FORMAT_FILE);
    }
    if (text.isEmpty()) throw new Corrupt("its file '%s' is empty", FORMAT_FILE);
    if (text.equals(FORMAT_WORDS + FORMAT)) return;
    boolean ours = text.startsWith(FORMAT_WORDS);
    String found = ours ? "format " + printable(text.substring(FORMAT_WORDS.length())) : "another program";
    throw new UserError(
        ExitCode.VERSION,
        "the store in "
            + dir
            + " is of "
            + found
            + ", this lmake reads format "
            + FORMAT
            + "\n  consider: use the lmake that wrote it, or remove it and build afresh: rm -r "
            + dir);
  }

  /**
   * Puts back what a power cut undid, and checks all unless the store was left clean. Writes nothing if
   * {@code readOnly}.
   */
  Found recover(boolean readOnly) throws IOException, UserError, Corrupt {
    Checkpoint saved = Checkpoint.read(dir);
    if (!Files.exists(data())) throw new Corrupt("its file '%s' is missing", Lmdb.DATA);
    String boot = Disk.bootId();
    boolean sameBoot = !boot.isEmpty() && boot.equals(saved.bootId());
    // Clean or not: the store is on the disk, the files it tells of were left to the kernel.
    if (!readOnly) Disk.removeUnfinished(dir);
    if (saved.matches(data())) return new Found(true, saved.unverified() || !sameBoot);
    boolean restore = !saved.clean() && !sameBoot;
    if (restore && readOnly) {
      throw new UserError(
          ExitCode.BAD_STATE,
          "the store in " + dir + " must be recovered after a power cut, and may not be written\n"
              + "  consider: run lmake once where the repo can be written");
    }
    // The pages of that snapshot were kept from being written over: the metas alone undo what came after.
    if (restore) Disk.overwrite(data(), saved.metas(), 0);
    if (readOnly && !saved.clean()) checkLive();
    else PageCheck.check(data());
    return new Found(false, saved.unverified() || !sameBoot);
  }

  /** As PageCheck, beside an owner who may be alive: a verdict only holds if nothing was committed meanwhile. */
  private void checkLive() throws IOException, Corrupt {
    for (int i = 0; i < LIVE_TRIES; i++) {
      long before = PageCheck.lastTxn(data());
      try {
        PageCheck.check(data());
        return;
      } catch (Corrupt e) {
        if (PageCheck.lastTxn(data()) == before) throw e;
      }
    }
    // Somebody commits all the time: that one holds it for sound, and knows better.
  }

  /** The present meta pages; whoever asks has pinned their snapshot, or nobody writes. */
  Checkpoint checkpoint(boolean clean, boolean unverified) throws IOException, Corrupt {
    byte[] head = Disk.head(data(), 2 * 65536);
    byte[] metas = Arrays.copyOf(head, 2 * PageCheck.pageSize(head));
    return new Checkpoint(
        Disk.bootId(), clean, unverified, Files.size(data()), Checkpoint.mtimeNs(data()), metas);
  }

  /** Renames the store so that a new one can be made; gives the new place. */
  Path moveAside() throws IOException {
    for (int i = 1; ; i++) {
      Path aside = dir.resolveSibling(dir.getFileName() + ".bad-" + i);
      if (Files.exists(aside, java.nio.file.LinkOption.NOFOLLOW_LINKS)) continue;
      Files.move(dir, aside);
      Disk.syncDir(dir.toAbsolutePath().getParent());
      return aside;
    }
  }

  /** Removes a store that was never finished. */
  private static void remove(Path unfinished) throws IOException {
    for (Path file : Disk.list(unfinished)) Files.delete(file);
    Files.deleteIfExists(unfinished);
  }

  private static String printable(String text) {
    return text.replaceAll("[^\\x21-\\x7e]", "?");
  }
}

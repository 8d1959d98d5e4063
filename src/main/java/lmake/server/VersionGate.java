package lmake.server;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import lmake.base.ExitCode;
import lmake.base.UserError;

/** {@code LMAKE/version}: which version of lmake the state of a repo is for. Engine's thread. */
final class VersionGate {
  /** Changes when another version could not live with what is below {@code LMAKE}. */
  private static final String VERSION = "1";

  private static final String PYTHON = "3";
  private static final Path FILE = Path.of("LMAKE", "version");

  private VersionGate() {}

  /** Lets lmake initialise a repo, and nobody touch one of another version; who finds no repo says so himself. */
  static void pass(String tool, boolean readOnly) throws UserError {
    try {
      String found = Files.readString(FILE, StandardCharsets.ISO_8859_1).lines().findFirst().orElse("");
      if (!found.equals(VERSION)) throw refused(found.replaceAll("[^ -~]", "?"));
    } catch (NoSuchFileException fresh) {
      if ((tool.equals("lmake") || tool.equals("lmake_server")) && !readOnly) initialise();
    } catch (IOException e) {
      throw new UserError(ExitCode.SYSTEM, "cannot read " + FILE + " : " + e.getMessage());
    }
  }

  /** Tells our version in a new place. Synced: after a power cut it must not hold what its block held before. */
  static void write(Path file) throws IOException {
    Files.write(
        file, (VERSION + "\n" + PYTHON + "\n").getBytes(StandardCharsets.US_ASCII), StandardOpenOption.CREATE,
        StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE, StandardOpenOption.SYNC);
  }

  private static void initialise() throws UserError {
    Path fresh = FILE.resolveSibling("version.new");
    try {
      write(fresh);
      Files.move(fresh, FILE, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UserError(ExitCode.SYSTEM, "cannot write " + FILE + " : " + e.getMessage());
    }
  }

  private static UserError refused(String found) {
    return new UserError(
        ExitCode.VERSION,
        "version mismatch, found " + found + " in " + FILE + ", expected " + VERSION
            + "\n  consider : git clean -ffdx, or the lmake of LMAKE/lmake_root");
  }
}

package lmake.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Optional;
import lmake.base.ExitCode;
import lmake.base.UserError;

/** A lock that dies with its process: flock, which the client and the agent use too. Any thread. */
final class KernelLock {
  private final Lib lib;
  private final int fd;
  private final Path file;
  private final Optional<Object> key;

  private KernelLock(Lib lib, int fd, Path file) {
    this.lib = lib;
    this.fd = fd;
    this.file = file;
    this.key = fileKey(file);
  }

  /** Empty when another process has it. */
  static Optional<KernelLock> tryTake(Lib lib, Path file) throws UserError {
    int fd = lib.lmake_lock(NativeDisk.terminated(file.toString()));
    if (fd == -Lib.EWOULDBLOCK) return Optional.empty();
    if (fd < 0) throw new UserError(ExitCode.SYSTEM, "cannot lock " + file + " : error " + -fd);
    return Optional.of(new KernelLock(lib, fd, file));
  }

  /** False once the file is gone or another one: who locks that one now owes us nothing, nor we him. */
  boolean inPlace() {
    return key.isPresent() && key.equals(fileKey(file));
  }

  /** What tells a file from another one of its name; empty when there is none. */
  static Optional<Object> fileKey(Path file) {
    try {
      return Optional.of(Objects.requireNonNull(Files.readAttributes(file, BasicFileAttributes.class).fileKey()));
    } catch (IOException gone) {
      return Optional.empty();
    }
  }

  void release() {
    lib.close(fd);
  }
}

package lmake.server;

import java.nio.file.Path;
import java.util.Optional;
import lmake.base.ExitCode;
import lmake.base.UserError;

/** A lock that dies with its process: flock, which the client and the agent use too. Any thread. */
final class KernelLock {
  private final Lib lib;
  private final int fd;

  private KernelLock(Lib lib, int fd) {
    this.lib = lib;
    this.fd = fd;
  }

  /** Empty when another process has it. */
  static Optional<KernelLock> tryTake(Lib lib, Path file) throws UserError {
    int fd = lib.lmake_lock(NativeDisk.terminated(file.toString()));
    if (fd == -Lib.EWOULDBLOCK) return Optional.empty();
    if (fd < 0) throw new UserError(ExitCode.SYSTEM, "cannot lock " + file + " : error " + -fd);
    return Optional.of(new KernelLock(lib, fd));
  }

  void release() {
    lib.close(fd);
  }
}

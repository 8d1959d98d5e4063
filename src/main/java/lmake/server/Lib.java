package lmake.server;

import java.nio.file.Files;
import java.nio.file.Path;
import jnr.ffi.LibraryLoader;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;
import lmake.base.ExitCode;
import lmake.base.UserError;

/** {@code liblmake.so} as {@code native/lib/liblmake.h} declares it: few and coarse calls. Public for jnr-ffi only. */
public interface Lib {
  int ENOENT = 2;
  int EWOULDBLOCK = 11;

  int lmake_stat_batch(
      @In byte[] names,
      int count,
      int threads,
      @In long[] knownSigs,
      @In byte[] flags,
      @Out long[] sigs,
      @Out long[] crcs,
      @Out long[] dates,
      @Out byte[] kinds);

  int lmake_lock(@In byte[] file);

  int lmake_unlink_at(@In byte[] name);

  int lmake_rmdir_at(@In byte[] name);

  int lmake_quarantine(@In byte[] name, @In byte[] dest);

  long lmake_fs_now(@In byte[] dir);

  int lmake_send_on(int pid);

  /** Of libc, which the library stands on. */
  int close(int fd);

  static Lib load(Path file) throws UserError {
    if (!Files.isRegularFile(file)) {
      throw new UserError(ExitCode.SYSTEM, "the installation is not complete, there is no " + file);
    }
    return LibraryLoader.create(Lib.class).failImmediately().load(file.toAbsolutePath().toString());
  }
}

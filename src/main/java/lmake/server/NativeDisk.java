package lmake.server;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import lmake.base.Bug;
import lmake.base.Crc;
import lmake.engine.Action.Removal;
import lmake.engine.Event.FileKind;
import lmake.wire.PathBytes;

/** The disk through {@code liblmake.so}: stat and checksum of many files in one call. Any thread, no state. */
final class NativeDisk implements Disk {
  private static final int THREADS = 2;
  private static final byte NO_CRC = 1;

  private final Lib lib;

  NativeDisk(Lib lib) {
    this.lib = lib;
  }

  @Override
  public Seen[] look(String[] names, long[] knownSigs, boolean sum) {
    int count = names.length;
    if (count == 0) return new Seen[0];
    byte[] flags = new byte[count];
    if (!sum) Arrays.fill(flags, NO_CRC);
    long[] sigs = new long[count];
    long[] crcs = new long[count];
    long[] dates = new long[count];
    byte[] kinds = new byte[count];
    int rc = lib.lmake_stat_batch(packed(names), count, THREADS, knownSigs, flags, sigs, crcs, dates, kinds);
    Bug.check(rc == 0, "lmake_stat_batch of %d names gives %d", count, rc);
    Seen[] seen = new Seen[count];
    for (int i = 0; i < count; i++) seen[i] = new Seen(FileKind.of(kinds[i]), sigs[i], crcs[i], dates[i]);
    return seen;
  }

  @Override
  public Removal remove(String name, Removal how, long knownSig) {
    if (how == Removal.UNLINK) return unlink(name, Removal.UNLINKED);
    Bug.check(how == Removal.WASH, "%s is no way to remove a file", how);
    Seen seen = look(new String[] {name}, new long[] {knownSig}, true)[0];
    if (seen.kind() == FileKind.ABSENT) return Removal.ABSENT;
    if (!seen.kind().file()) return Removal.LEFT;
    if (seen.sig() == knownSig) return unlink(name, Removal.UNLINKED);
    if (seen.crc() == Crc.EMPTY) return unlink(name, Removal.UNLINKED_EMPTY);
    return lib.lmake_quarantine(terminated(name), terminated("")) == 0 ? Removal.QUARANTINED : Removal.LEFT;
  }

  /** That of this host where no file can be made, as in a repo that is only read. */
  @Override
  public long now() {
    long now = lib.lmake_fs_now(terminated(Places.PRIVATE));
    return now > 0 ? now : Dates.now();
  }

  @Override
  public void removeEmptyDirs(List<String> dirs) {
    for (String dir : dirs) lib.lmake_rmdir_at(terminated(dir));
  }

  private Removal unlink(String name, Removal done) {
    int rc = lib.lmake_unlink_at(terminated(name));
    return rc == 0 ? done : rc == -Lib.ENOENT ? Removal.ABSENT : Removal.LEFT;
  }

  static byte[] terminated(String name) {
    byte[] bytes = PathBytes.encode(name);
    return Arrays.copyOf(bytes, bytes.length + 1);
  }

  private static byte[] packed(String[] names) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(64 * names.length);
    for (String name : names) out.writeBytes(terminated(name));
    return out.toByteArray();
  }
}

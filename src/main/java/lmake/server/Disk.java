package lmake.server;

import java.util.List;
import lmake.engine.Action.Removal;
import lmake.engine.Event.FileKind;

/** The disk, as the server touches it: many files in one call. Names are relative to the root. Any thread. */
interface Disk {
  /**
   * What is at these names; the crc of a file is computed when its sig is not the known one.
   *
   * @param knownSigs one per name
   * @param sum false: crcs are not wanted at all
   */
  Seen[] look(String[] names, long[] knownSigs, boolean sum);

  /**
   * What is at a name.
   *
   * @param crc 0 when not computed
   * @param date of its last change, nanoseconds since the epoch
   */
  record Seen(FileKind kind, long sig, long crc, long date) {}

  /** What the disk takes for the present date, nanoseconds since the epoch: what dates of files may be compared to. */
  long now();

  /** Removes those of the dirs that are empty, in this order; none behind a link. */
  void removeEmptyDirs(List<String> dirs);

  /** Takes a file away, and says what was done. */
  Removal remove(String name, Removal how, long knownSig);
}

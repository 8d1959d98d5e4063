package lmake.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import lmake.base.Bug;

/**
 * What is known to be safely on the disk: the file {@code checkpoint}, replaced whole each time.
 *
 * <p>Content: 8 bytes of magic, string boot id, clean and unverified (1 byte each), size and mtime of the data file (8
 * bytes each), count and bytes of the meta pages, CRC-32 of all before (4 bytes).
 *
 * @param bootId of the kernel under which the data file may have been written since
 * @param clean nothing was written since, and the data file then had this size and date
 * @param unverified a power cut happened, and the nodes to verify for that are not marked in the data yet
 * @param size of the data file, bytes; meaningful when clean
 * @param mtimeNs of the data file, nanoseconds since the epoch; meaningful when clean
 * @param metas first two pages of the data file: put back after a power cut, they give the snapshot that was synced
 */
record Checkpoint(String bootId, boolean clean, boolean unverified, long size, long mtimeNs, byte[] metas) {
  static final String FILE = "checkpoint";
  private static final long MAGIC = 0x31305450434b4d4cL; // "LMKCPT01"

  static Checkpoint read(Path dir) throws IOException, Corrupt {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(dir.resolve(FILE));
    } catch (NoSuchFileException e) {
      throw new Corrupt("its file '%s' is missing", FILE);
    }
    return decode(bytes);
  }

  void write(Path dir) throws IOException {
    Disk.replace(dir.resolve(FILE), encode());
  }

  byte[] encode() {
    Out out = new Out(256 + metas.length);
    out.u64(MAGIC).string(bootId).u8(clean ? 1 : 0).u8(unverified ? 1 : 0).u64(size).u64(mtimeNs).bytes(metas);
    return out.u32(crc(out.array(), out.size())).toArray();
  }

  static Checkpoint decode(byte[] bytes) throws Corrupt {
    int size = bytes.length - 4;
    if (size < 8 || crc(bytes, size) != ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN).getInt(size)) {
      throw new Corrupt("its file '%s' is damaged", FILE);
    }
    In in = new In(Arrays.copyOf(bytes, size));
    try {
      Bug.check(in.u64() == MAGIC, "a checkpoint of another format");
      return new Checkpoint(in.string(), in.u8() == 1, in.u8() == 1, in.u64(), in.u64(), in.bytes());
    } catch (Bug unreadable) {
      throw new Corrupt("its file '%s' makes no sense", FILE);
    }
  }

  /** True when the data file is the very one that was left. */
  boolean matches(Path data) throws IOException {
    return clean && Files.exists(data) && size == Files.size(data) && mtimeNs == mtimeNs(data);
  }

  static long mtimeNs(Path file) throws IOException {
    return Files.getLastModifiedTime(file).to(TimeUnit.NANOSECONDS);
  }

  private static int crc(byte[] bytes, int size) {
    CRC32 crc = new CRC32();
    crc.update(bytes, 0, size);
    return (int) crc.getValue();
  }
}

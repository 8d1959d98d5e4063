package lmake.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.zip.CRC32;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;

/**
 * What jobs have made of what, in a file beside the store that is only ever appended to: what is left of it after
 * anything happened to the store is still true, entry by entry. Read by {@link ArchiveReader} alone, when a repo is
 * repaired. Gathered commit by commit, written by the chunk and at each checkpoint, without any wait for the disk: a
 * process that dies loses the last jobs of it, but not of the store. One thread at a time, see {@link Store}.
 *
 * <pre>
 *   file:  "lmake archive 1\n", id 8, size when last written whole 8, entries
 *   entry: magic 4, length 4, CRC-32 of the content 4, content: a kind, then
 *     NAMES  varint first id, varint count, per name varint id of its dir, bytes
 *     JOB    varint id, flags 1, status 1, varint execMs, match crc 8, cmd crc 8, resources crc 8,
 *            reason 1, varint its node, varint count of stems, stems; when OK its body, see BodyCodec
 *     RUN    varint id of the job, its last run, see RunCodec
 *     TAIL   how many names were written so far 4
 * </pre>
 *
 * The id is also in the store: another archive than its own is one of a store that was lost, and is set aside. A store
 * that went back to a checkpoint may give a number to another name: the archive is then written anew.
 */
final class Archive {
  static final byte[] HEAD = "lmake archive 1\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
  static final int HEAD_BYTES = HEAD.length + 16;
  static final int MAGIC = 0x616b6d6c;
  static final int FRAME = 12;
  static final int NAMES = 1;
  static final int JOB = 2;
  static final int RUN = 3;
  static final int TAIL = 4;
  private static final int TAIL_BYTES = FRAME + 5;

  /** Names in one entry: what one damaged byte can lose. */
  private static final int NAMES_AT_ONCE = 64;

  /** Bytes gathered before they are written, when the file is written whole. */
  private static final int CHUNK = 1 << 20;

  private static final int CHUNK_AT_WORK = 1 << 16;

  private static final long SLACK_AT_WORK = 64L << 20;
  private static final long SLACK_AT_END = 8L << 20;

  private final Path file;
  private final KeyTable names;
  private final RuleTable rules;
  private final Out out = new Out(8192);
  private final CRC32 crc = new CRC32();
  private FileChannel channel; // null until the first commit, or when the file is not to be trusted
  private int written; // names
  private int gathered; // bytes of whole commits in out
  private long base;
  private long size;

  /**
   * @param store the dir of the store
   */
  Archive(Path store, KeyTable names, RuleTable rules) {
    file = of(store);
    this.names = names;
    this.rules = rules;
  }

  static Path of(Path store) {
    return store.resolveSibling(store.getFileName() + ".archive");
  }

  /** What became of the archive of a store that was lost: the last such. */
  static Path lost(Path store) {
    return store.resolveSibling(store.getFileName() + ".archive.lost");
  }

  static byte[] newId() {
    byte[] id = new byte[8];
    new SecureRandom().nextBytes(id);
    return id;
  }

  /**
   * Goes on with the file; false when it must be written whole, as none is there that goes with the store.
   *
   * @param id what the store says
   */
  boolean open(byte[] id, Path store) throws IOException {
    if (channel != null) return true;
    if (!Files.exists(file)) return false;
    byte[] head = Disk.head(file, HEAD_BYTES);
    boolean ours =
        head.length == HEAD_BYTES && id.length == 8 && Arrays.equals(head, HEAD.length, HEAD.length + 8, id, 0, 8);
    if (!ours) {
      Files.move(file, lost(store), StandardCopyOption.ATOMIC_MOVE);
      return false;
    }
    FileChannel opened = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    int known = tail(opened);
    if (known < 0 || known > names.count()) {
      opened.close();
      return false;
    }
    channel = opened;
    written = known;
    size = opened.size();
    base = ByteBuffer.wrap(head).order(java.nio.ByteOrder.LITTLE_ENDIAN).getLong(HEAD.length + 8);
    return true;
  }

  /** The number of names that the last entry tells, -1 when there is no such entry. */
  private int tail(FileChannel opened) throws IOException {
    ByteBuffer last = ByteBuffer.allocate(TAIL_BYTES).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    long from = opened.size() - TAIL_BYTES;
    if (from < HEAD_BYTES) return -1;
    while (last.hasRemaining() && opened.read(last, from + last.position()) >= 0) {}
    crc.reset();
    crc.update(last.array(), FRAME, 5);
    boolean whole = last.getInt(0) == MAGIC && last.getInt(4) == 5 && last.getInt(8) == (int) crc.getValue();
    return whole && last.get(FRAME) == TAIL ? last.getInt(FRAME + 1) : -1;
  }

  // --- what one commit adds

  /** Begins what one commit adds; what another try of it has added is dropped. */
  void begin() {
    out.truncate(gathered);
  }

  /** A job as it is now. One that never ran is not worth a word. */
  void job(Graph graph, int job, Out body) {
    JobStatus status = graph.status(job);
    RunReason reason = graph.reason(job);
    if (status == JobStatus.NEW && reason.none()) return;
    if (status == JobStatus.RUNNING) return; // what it made before is told by what is still on disk
    int at = open(JOB);
    out.varint(job).u8(graph.jobFlags(job)).u8(status.ordinal()).varint(graph.execMs(job));
    out.u64(rules.matchCrc(graph.rule(job))).u64(graph.cmdCrc(job)).u64(graph.rsrcCrc(job));
    out.u8(reason.kind().ordinal()).varint(reason.node());
    String[] stems = graph.stems(job);
    out.varint(stems.length);
    for (String stem : stems) out.string(stem);
    if (status == JobStatus.OK) out.raw(body.array(), body.size());
    close(at);
  }

  void run(int job, byte[] run) {
    int at = open(RUN);
    out.varint(job).raw(run, run.length);
    close(at);
  }

  /** Ends what one commit adds: with the names it speaks of, which may well come last. */
  void end() throws IOException {
    addNames();
    gathered = out.size();
    if (gathered >= CHUNK_AT_WORK) append();
  }

  /** Writes what was gathered. Names are not looked at: another one than the engine's thread may be here. */
  void append() throws IOException {
    if (channel == null || gathered == 0) return;
    out.truncate(gathered);
    int at = open(TAIL);
    out.u32(written);
    close(at);
    flush();
  }

  /** True when most of the file is of the past, and it should be written whole. */
  boolean stale(boolean atEnd) {
    return channel != null && size > 2 * base + (atEnd ? SLACK_AT_END : SLACK_AT_WORK);
  }

  /** What was written may not be whole: it will be written anew. */
  void distrust() {
    if (channel == null) return;
    try {
      channel.close();
    } catch (IOException e) {
      // Nothing of it is used any more.
    }
    channel = null;
  }

  private void addNames() {
    byte[] name = new byte[256];
    while (written < names.count()) {
      int first = written + 1;
      int count = Math.min(NAMES_AT_ONCE, names.count() - written);
      int at = open(NAMES);
      out.varint(first).varint(count);
      for (int id = first; id < first + count; id++) {
        int length = names.length(id);
        if (length > name.length) name = new byte[2 * length];
        names.copy(id, name, 0);
        out.varint(names.owner(id)).varint(length).raw(name, length);
      }
      close(at);
      written += count;
    }
  }

  private int open(int kind) {
    int at = out.size();
    out.u32(MAGIC).u32(0).u32(0).u8(kind);
    return at;
  }

  private void close(int at) {
    int length = out.size() - at - FRAME;
    crc.reset();
    crc.update(out.array(), at + FRAME, length);
    out.put32(at + 4, length);
    out.put32(at + 8, (int) crc.getValue());
  }

  private void flush() throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(out.array(), 0, out.size());
    while (bytes.hasRemaining()) size += channel.write(bytes, size);
    out.clear();
    gathered = 0;
  }

  // --- the whole

  /** Who gives all that is worth keeping, job by job. */
  interface Source {
    void each(Archive archive) throws IOException;
  }

  /** Writes the file whole, in place of what is there. */
  void rewrite(byte[] id, Source all) throws IOException {
    distrust();
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    channel =
        FileChannel.open(fresh, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      size = 0;
      written = 0;
      out.clear().raw(HEAD, HEAD.length).raw(id, 8).u64(0);
      all.each(this);
      addNames();
      gathered = out.size();
      append();
      base = size;
      ByteBuffer head = ByteBuffer.allocate(8).order(java.nio.ByteOrder.LITTLE_ENDIAN).putLong(0, base);
      while (head.hasRemaining()) channel.write(head, HEAD.length + 8 + head.position());
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      distrust();
      throw e;
    }
  }

  /** While the file is written whole: keeps what is gathered small. */
  void drain() throws IOException {
    if (out.size() >= CHUNK) flush();
  }
}

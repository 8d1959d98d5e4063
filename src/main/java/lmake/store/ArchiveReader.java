package lmake.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.zip.CRC32;
import lmake.base.Bug;
import lmake.graph.DepVector;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;
import lmake.graph.RunRecord;
import lmake.graph.TargetVector;

/**
 * Reads an {@link Archive}, however damaged: entries that have their checksum are taken, the rest is stepped over. Any
 * thread; touches nothing.
 */
final class ArchiveReader {
  private static final int WINDOW = 1 << 20;
  private static final int MOST = 1 << 30; // bytes of an entry
  private static final int LONGEST = 4096; // bytes of a name: no file is found under a longer one

  private record Name(int owner, byte[] bytes) {}

  private final Map<Integer, Name> names = new HashMap<>();
  private final Map<Integer, byte[]> jobs = new LinkedHashMap<>(); // last entry of each
  private final Map<Integer, byte[]> runs = new HashMap<>();
  private final Map<Integer, Optional<String>> known = new HashMap<>();

  private ArchiveReader() {}

  /** Gives each job once, as it was last. Nothing is given for a file that is not there. */
  static void read(Path file, Consumer<PastJob> to) throws IOException {
    if (!Files.isRegularFile(file)) return;
    ArchiveReader reader = new ArchiveReader();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      reader.scan(channel);
    }
    for (var entry : reader.jobs.entrySet()) {
      try {
        reader.job(entry.getKey(), entry.getValue()).ifPresent(to);
      } catch (Bug unreadable) {
        continue; // its checksum was right by chance, or another version wrote it: as if it were damaged
      }
    }
  }

  // --- entries

  private void scan(FileChannel channel) throws IOException {
    long size = channel.size();
    long at = 0;
    byte[] window = new byte[0];
    long windowAt = 0;
    while (at + Archive.FRAME <= size) {
      if (at < windowAt || at + Archive.FRAME > windowAt + window.length) {
        windowAt = at;
        window = bytes(channel, at, (int) Math.min(WINDOW, size - at));
      }
      ByteBuffer frame = ByteBuffer.wrap(window).order(ByteOrder.LITTLE_ENDIAN);
      int offset = (int) (at - windowAt);
      int length = frame.getInt(offset + 4);
      boolean plausible = frame.getInt(offset) == Archive.MAGIC && length > 0 && length < MOST;
      if (!plausible || at + Archive.FRAME + length > size) {
        at++;
        continue;
      }
      byte[] content =
          offset + Archive.FRAME + length <= window.length
              ? java.util.Arrays.copyOfRange(window, offset + Archive.FRAME, offset + Archive.FRAME + length)
              : bytes(channel, at + Archive.FRAME, length);
      CRC32 crc = new CRC32();
      crc.update(content);
      if ((int) crc.getValue() == frame.getInt(offset + 8)) {
        take(content);
        at += Archive.FRAME + length;
      } else {
        at++;
      }
    }
  }

  private static byte[] bytes(FileChannel channel, long at, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining() && channel.read(buffer, at + buffer.position()) >= 0) {}
    return java.util.Arrays.copyOf(buffer.array(), buffer.position());
  }

  private void take(byte[] content) {
    try {
      In in = new In(content);
      int kind = in.u8();
      if (kind == Archive.NAMES) takeNames(in);
      if (kind != Archive.JOB && kind != Archive.RUN) return;
      int job = (int) in.varint();
      (kind == Archive.JOB ? jobs : runs).put(job, in.rest());
    } catch (Bug unreadable) {
      return; // see above
    }
  }

  private void takeNames(In in) {
    int first = (int) in.varint();
    int count = in.count();
    for (int id = first; id < first + count; id++) names.put(id, new Name((int) in.varint(), in.bytes()));
  }

  // --- jobs

  private Optional<PastJob> job(int id, byte[] entry) {
    In in = new In(entry);
    int flags = in.u8();
    JobStatus status = in.choice(JobStatus.values());
    int execMs = (int) in.varint();
    long match = in.u64();
    long cmd = in.u64();
    long resources = in.u64();
    RunReason.Kind why = in.choice(RunReason.Kind.values());
    int about = (int) in.varint();
    String[] stems = new String[in.count()];
    for (int i = 0; i < stems.length; i++) stems[i] = in.string();
    boolean ok = status == JobStatus.OK;
    TargetVector targets = ok ? BodyCodec.decodeTargets(in) : TargetVector.EMPTY;
    DepVector deps = ok ? BodyCodec.decodeDeps(in) : DepVector.EMPTY;
    String[] targetNames = new String[targets.size()];
    String[] depNames = new String[deps.size()];
    boolean whole = true;
    for (int i = 0; i < targetNames.length; i++) whole &= (targetNames[i] = name(targets.node(i)).orElse(null)) != null;
    for (int i = 0; i < depNames.length; i++) whole &= (depNames[i] = name(deps.node(i)).orElse(null)) != null;
    Optional<RunRecord> run = Optional.ofNullable(runs.get(id)).map(bytes -> RunCodec.decode(new In(bytes)));
    String reasonName = about == 0 ? "" : name(about).orElse("");
    return Optional.of(
        new PastJob(
            match, stems, flags != 0, status, whole, execMs, cmd, resources, why, reasonName, targetNames, targets,
            depNames, deps, run));
  }

  /** Empty when it, or that of a dir above it, was lost. */
  private Optional<String> name(int id) {
    Optional<String> name = known.get(id);
    if (name == null) known.put(id, name = spell(id));
    return name;
  }

  private Optional<String> spell(int id) {
    String path = "";
    // Dirs have smaller numbers than what is in them, so that this ends.
    for (int at = id; ; ) {
      Name one = names.get(at);
      if (one == null || one.owner >= at || path.length() + one.bytes.length > LONGEST) return Optional.empty();
      String component = Text.decode(one.bytes, 0, one.bytes.length);
      path = at == id ? component : component + "/" + path;
      if (one.owner == 0) return Optional.of(path);
      at = one.owner;
    }
  }
}

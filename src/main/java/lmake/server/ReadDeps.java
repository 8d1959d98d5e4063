package lmake.server;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import lmake.engine.Event.FileKind;
import lmake.wire.FrameReader;
import lmake.wire.WireException;
import lmake.wire.WireReader;
import lmake.wire.WireWriter;

/**
 * What the last reading of the makefiles depended on, and whether it still holds. Pure: who calls looks at the disk.
 * Kept in the store as one blob.
 *
 * @param environ variables read through {@code lmake.user_environ}; empty: was not set
 */
record ReadDeps(String installDir, String root, List<File> files, Map<String, Optional<String>> environ) {
  /** States of a file that are no sig: real ones are 16 or more. */
  static final long ABSENT = 0;

  /** Nothing is equal to it: the file moved while it was read. */
  static final long MOVING = 4;

  /** Nothing is equal to it: the machine was started again since it was read. */
  static final long DOUBTED = 5;

  static final long DIR = 2;
  static final long SPECIAL = 3;

  /** Format of the blob. */
  private static final int VERSION = 1;

  ReadDeps {
    files = List.copyOf(files);
    environ = java.util.Collections.unmodifiableMap(new TreeMap<>(environ));
  }

  /**
   * A file and what it was when read.
   *
   * @param state a sig, or one of the states above
   */
  record File(String name, long state) {}

  /** What a look at the disk stands for here. */
  static long state(Disk.Seen seen) {
    if (seen.kind() == FileKind.DIR) return DIR;
    return seen.kind() == FileKind.SPECIAL ? SPECIAL : seen.sig();
  }

  /** The same with no sig that could be believed: files may have lost content and kept their date. */
  ReadDeps doubted() {
    List<File> doubted = new ArrayList<>();
    for (File file : files) doubted.add(isSig(file.state) ? new File(file.name, DOUBTED) : file);
    return new ReadDeps(installDir, root, doubted, environ);
  }

  /** Whether a state is that of a file, not one of the states above. */
  static boolean isSig(long state) {
    return state > 15 || state < 0;
  }

  String[] names() {
    return files.stream().map(File::name).toArray(String[]::new);
  }

  long[] knownSigs() {
    return files.stream().mapToLong(File::state).toArray();
  }

  /**
   * Why the makefiles must be read again, as the user is told; empty when they must not.
   *
   * @param seen one per file, in order
   */
  Optional<String> stale(Places places, Map<String, String> userEnviron, Disk.Seen[] seen) {
    if (!installDir.equals(places.installDir())) return Optional.of("lmake root changed");
    if (!root.equals(places.root())) return Optional.of("repo root changed");
    for (int i = 0; i < seen.length; i++) {
      long now = state(seen[i]);
      long then = files.get(i).state;
      if (then == DOUBTED) return Optional.of("the machine was started again");
      if (now == then && then != MOVING) continue;
      String verb = then == ABSENT ? "created" : now == ABSENT ? "removed" : "modified";
      return Optional.of(files.get(i).name + " was " + verb);
    }
    for (Map.Entry<String, Optional<String>> variable : environ.entrySet()) {
      Optional<String> now = Optional.ofNullable(userEnviron.get(variable.getKey()));
      if (now.equals(variable.getValue())) continue;
      String verb = now.isEmpty() ? " disappeared" : variable.getValue().isEmpty() ? " appeared" : " changed";
      return Optional.of("$" + variable.getKey() + verb);
    }
    return Optional.empty();
  }

  byte[] encode() {
    WireWriter out = new WireWriter(VERSION).str(installDir).str(root).u32(files.size());
    for (File file : files) out.str(file.name).u64(file.state);
    out.u32(environ.size());
    environ.forEach((key, value) -> out.str(key).u8(value.isPresent() ? 1 : 0).str(value.orElse("")));
    ByteBuffer frame = out.frame();
    byte[] bytes = new byte[frame.remaining()];
    frame.get(bytes);
    return bytes;
  }

  /** Empty for another format: the makefiles are then read again. */
  static Optional<ReadDeps> decode(byte[] bytes) {
    FrameReader reader = new FrameReader();
    try {
      for (int done = 0; done < bytes.length; ) {
        ByteBuffer room = reader.room();
        int count = Math.min(room.remaining(), bytes.length - done);
        room.put(bytes, done, count);
        done += count;
      }
      var frame = reader.next();
      if (frame.isEmpty() || frame.get().type() != VERSION) return Optional.empty();
      return Optional.of(decode(frame.get().reader()));
    } catch (WireException e) {
      ServerLog.say("what the makefiles depended on cannot be read: " + e.getMessage());
      return Optional.empty();
    }
  }

  private static ReadDeps decode(WireReader in) throws WireException {
    String installDir = in.str();
    String root = in.str();
    List<File> files = new ArrayList<>();
    for (int left = in.count(12); left > 0; left--) files.add(new File(in.str(), in.u64()));
    Map<String, Optional<String>> environ = new TreeMap<>();
    for (int left = in.count(9); left > 0; left--) {
      String key = in.str();
      boolean set = in.u8() == 1;
      String value = in.str();
      environ.put(key, set ? Optional.of(value) : Optional.empty());
    }
    in.end();
    return new ReadDeps(installDir, root, files, environ);
  }
}

package lmake.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import lmake.base.Crc;
import lmake.engine.Event.FileKind;

/**
 * A disk in memory: files, executables and links under their full names, dirs where names have them, and a clock that moves with
 * each write. By default no two writes share a sig; a disk that is {@link #coarse} has a clock as slow as real ones are, so that
 * a file written twice in one tick, with the same size, cannot be told from before.
 */
final class SimDisk {
  private static final int MAX_LINKS = 8;

  /** One version of a file: bytes, or the text of a link. */
  record Version(String content, long sig, long date, FileKind kind) {
    boolean link() {
      return kind == FileKind.LINK;
    }
  }

  final TreeMap<String, Version> files = new TreeMap<>();

  private static final int REMEMBERED = 4;
  private final TreeMap<String, List<Version>> past = new TreeMap<>(); // versions of late, null when it was not there

  /** The clock goes by steps of 8 ms, in which several things may happen. */
  boolean coarse;

  private long lastSig = 100;
  private long now = 1_000_000_000_000L;

  /** Nanoseconds; any two calls are a second apart, far beyond the precision of dates, unless the clock is coarse. */
  long tick() {
    return now += coarse ? 3_000_000L : 1_000_000_000L;
  }

  /** Far enough for dates to prove something. */
  void sleep() {
    now += 1_000_000_000L;
  }

  /** Content of a file under its own name; null when there is none. */
  String read(String name) {
    Version version = files.get(name);
    return version == null ? null : version.content();
  }

  long sig(String name) {
    Version version = files.get(name);
    return version == null ? 0 : version.sig();
  }

  boolean dir(String name) {
    String below = files.higherKey(name + "/");
    return below != null && below.startsWith(name + "/");
  }

  /** What stands at a name, as the engine is told. */
  FileKind kind(String name) {
    if (behindLink(name)) return FileKind.BEHIND_LINK;
    Version version = files.get(name);
    if (version != null) return version.kind();
    return dir(name) ? FileKind.DIR : FileKind.ABSENT;
  }

  private boolean behindLink(String name) {
    for (int slash = name.indexOf('/'); slash > 0; slash = name.indexOf('/', slash + 1)) {
      Version dir = files.get(name.substring(0, slash));
      if (dir != null && dir.link()) return true;
    }
    return false;
  }

  void write(String name, String content) {
    write(name, content, FileKind.REGULAR);
  }

  /** False when it cannot be: a dir stands there, or a file in the way. */
  boolean write(String name, String content, FileKind kind) {
    if (dir(name) || behindLink(name)) return false;
    if (crossed(name)) return false;
    long date = tick();
    if (coarse) date -= Math.floorMod(date, 8_000_000L);
    Version before = files.get(name);
    boolean inPlace = before != null && before.kind() == kind && !before.link();
    long sig = lastSig += 16;
    // Nothing but the content would be new.
    if (coarse && inPlace && before.date() == date && before.content().length() == content.length()) sig = before.sig();
    keep(name);
    files.put(name, new Version(content, sig, date, kind));
    return true;
  }

  void remove(String name) {
    tick();
    keep(name);
    files.remove(name);
  }

  private void keep(String name) {
    List<Version> versions = past.computeIfAbsent(name, key -> new ArrayList<>());
    if (versions.size() == REMEMBERED) versions.remove(0);
    versions.add(files.get(name));
  }

  /**
   * The machine stops: a file may be what it was, have lost content and kept its sig, have the sig of one version and the
   * content of another, or be gone. Where a file and a dir would meet, the file of late stays.
   */
  void powerCut(Random random) {
    double harm = random.nextDouble();
    for (Map.Entry<String, List<Version>> entry : past.entrySet()) {
      if (random.nextDouble() > harm) continue;
      List<Version> versions = new ArrayList<>(entry.getValue());
      versions.add(files.get(entry.getKey()));
      Version dated = versions.get(random.nextInt(versions.size()));
      Version filled = random.nextBoolean() ? dated : versions.get(random.nextInt(versions.size()));
      if (random.nextInt(4) == 0) dated = versions.get(versions.size() - 1);
      if (dated == null || filled == null) {
        files.remove(entry.getKey());
        continue;
      }
      if (!files.containsKey(entry.getKey()) && (dir(entry.getKey()) || crossed(entry.getKey()))) continue;
      // The text of a link is kept in its inode: it goes or stays as a whole.
      String content = random.nextInt(3) == 0 && !filled.link() ? torn(filled.content(), random) : filled.content();
      files.put(entry.getKey(), new Version(content, dated.sig(), dated.date(), filled.kind()));
    }
    past.clear();
    tick();
  }

  private boolean crossed(String name) {
    for (int slash = name.indexOf('/'); slash > 0; slash = name.indexOf('/', slash + 1)) {
      if (files.containsKey(name.substring(0, slash))) return true;
    }
    return false;
  }

  private static String torn(String content, Random random) {
    int from = content.isEmpty() ? 0 : random.nextInt(content.length());
    return random.nextBoolean() ? content.substring(0, from) : content.substring(0, from) + "~".repeat(content.length() - from);
  }

  /** All below a dir. */
  void removeDir(String name) {
    tick();
    Map<String, Version> below = files.subMap(name + "/", name + "0");
    below.clear();
  }

  long crc(Version version) {
    return version == null ? Crc.NONE : crc(version.content(), version.kind());
  }

  static long crc(String content, FileKind kind) {
    if (content == null) return Crc.NONE;
    if (content.isEmpty() && kind == FileKind.REGULAR) return Crc.EMPTY;
    long hash = 0xcbf29ce484222325L + kind.ordinal();
    for (int i = 0; i < content.length(); i++) hash = (hash ^ content.charAt(i)) * 0x100000001b3L;
    return kind == FileKind.LINK ? hash | 1L << 62 | 1 : (hash | 1L << 62) & ~1L;
  }

  static long crc(String content) {
    return crc(content, FileKind.REGULAR);
  }

  // --- names that lead through links

  /** Says what stands at names on the way. */
  interface Walker {
    /** Text of the link, null when it is none. Asked for dirs as well; {@code last} when the way ends here if it is none. */
    String link(String name, boolean last);
  }

  /** Where a name leads, following links; null when it leads nowhere that could be a file. */
  static String resolve(String name, boolean followLast, Walker walker) {
    String rest = name;
    String at = "";
    for (int links = 0; !rest.isEmpty(); ) {
      int slash = rest.indexOf('/');
      String step = slash < 0 ? rest : rest.substring(0, slash);
      String after = slash < 0 ? "" : rest.substring(slash + 1);
      String here = at.isEmpty() ? step : at + "/" + step;
      boolean last = after.isEmpty();
      String text = last && !followLast ? null : walker.link(here, last);
      if (text == null) {
        at = here;
        rest = after;
        continue;
      }
      if (++links > MAX_LINKS) return null;
      int up = at.isEmpty() ? 0 : at.split("/").length;
      String target = text;
      while (target.startsWith("../") && up-- > 0) {
        target = target.substring(3);
        at = at.contains("/") ? at.substring(0, at.lastIndexOf('/')) : "";
      }
      rest = last ? target : target + "/" + after;
    }
    return at;
  }
}

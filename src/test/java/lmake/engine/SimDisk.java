package lmake.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import lmake.base.Crc;

/** A disk in memory: regular files with a sig that no two writes share, and a clock that moves with each of them. */
final class SimDisk {
  /** One version of a file. */
  record Version(String content, long sig, long date) {}

  private static final int REMEMBERED = 4;

  final TreeMap<String, Version> files = new TreeMap<>();
  private final TreeMap<String, List<Version>> past = new TreeMap<>(); // versions of late, null when it was not there
  private long lastSig = 100;
  private long now = 1_000_000_000_000L;

  /** Nanoseconds; any two calls are a second apart, far beyond the precision of dates. */
  long tick() {
    return now += 1_000_000_000L;
  }

  String read(String name) {
    Version version = files.get(name);
    return version == null ? null : version.content();
  }

  long sig(String name) {
    Version version = files.get(name);
    return version == null ? 0 : version.sig();
  }

  void write(String name, String content) {
    lastSig += 16;
    keep(name);
    files.put(name, new Version(content, lastSig, tick()));
  }

  private void keep(String name) {
    List<Version> versions = past.computeIfAbsent(name, key -> new ArrayList<>());
    if (versions.size() == REMEMBERED) versions.remove(0);
    versions.add(files.get(name));
  }

  void remove(String name) {
    tick();
    keep(name);
    files.remove(name);
  }

  /**
   * The machine stops: a file may be what it was, have lost content and kept its sig, have the sig of one version and the
   * content of another, or be gone.
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
      String content = random.nextInt(3) == 0 ? torn(filled.content, random) : filled.content;
      files.put(entry.getKey(), new Version(content, dated.sig, dated.date));
    }
    past.clear();
    tick();
  }

  private static String torn(String content, Random random) {
    int from = content.isEmpty() ? 0 : random.nextInt(content.length());
    return random.nextBoolean() ? content.substring(0, from) : content.substring(0, from) + "~".repeat(content.length() - from);
  }

  static long crc(String content) {
    if (content == null) return Crc.NONE;
    if (content.isEmpty()) return Crc.EMPTY;
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < content.length(); i++) hash = (hash ^ content.charAt(i)) * 0x100000001b3L;
    return (hash | 1L << 62) & ~1L;
  }
}

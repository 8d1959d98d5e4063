package lmake.engine;

import java.util.TreeMap;
import lmake.base.Crc;

/** A disk in memory: regular files with a sig that no two writes share, and a clock that moves with each of them. */
final class SimDisk {
  /** One version of a file. */
  record Version(String content, long sig, long date) {}

  final TreeMap<String, Version> files = new TreeMap<>();
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
    files.put(name, new Version(content, lastSig, tick()));
  }

  void remove(String name) {
    tick();
    files.remove(name);
  }

  static long crc(String content) {
    if (content == null) return Crc.NONE;
    if (content.isEmpty()) return Crc.EMPTY;
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < content.length(); i++) hash = (hash ^ content.charAt(i)) * 0x100000001b3L;
    return (hash | 1L << 62) & ~1L;
  }
}

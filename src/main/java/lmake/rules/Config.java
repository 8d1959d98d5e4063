package lmake.rules;

import java.util.Map;
import lmake.base.Bug;

/** {@code lmake.config} as the reader gave it, checked. Immutable. */
public final class Config {
  public int pathMax() {
    throw Bug.of("skeleton");
  }

  public int maxDepDepth() {
    throw Bug.of("skeleton");
  }

  public int maxErrorLines() {
    throw Bug.of("skeleton");
  }

  /** 0 none, 1 file, 2 full. */
  public int linkSupport() {
    throw Bug.of("skeleton");
  }

  /** Nanoseconds. */
  public long datePrecisionNs() {
    throw Bug.of("skeleton");
  }

  /** Capacities of the local backend: cpu, mem (MiB), tmp (MiB), any other name. */
  public Map<String, Long> localCapacities() {
    throw Bug.of("skeleton");
  }

  /** Digits after the second in time stamps, -1 = no time stamp. */
  public int consoleDatePrecision() {
    throw Bug.of("skeleton");
  }

  public boolean consoleHasExecTime() {
    throw Bug.of("skeleton");
  }

  public int consoleHistoryDays() {
    throw Bug.of("skeleton");
  }

  /** Light then dark colour of a name: {r,g,b,r,g,b}. */
  public int[] color(String name) {
    throw Bug.of("skeleton");
  }
}

package lmake.autodep;

import java.util.Optional;
import lmake.graph.Accesses;
import lmake.graph.DepFlags;
import lmake.graph.TargetFlags;
import lmake.rules.TargetEntry;
import lmake.wire.Access;

/**
 * One file of a job: what the job did to it, together with what its rule and its calls say of it.
 *
 * @param entry the pattern of the rule that lets the job write it
 * @param depFlags from the rule and from calls; IGNORE only when the rule says so
 * @param targetFlags likewise
 * @param allowed when a call made it a target, 0 = never
 * @param statik it is a static dep
 */
record Touched(
    Access access,
    Place place,
    Optional<TargetEntry> entry,
    int depFlags,
    int targetFlags,
    long allowed,
    boolean ignoredRead,
    boolean ignoredWrite,
    boolean statik) {
  private static final int WRITES = Accesses.WRITE | Accesses.UNLINK;

  static Touched of(Access access, Place place, Case job, RunPatterns patterns, boolean statik) {
    RunPatterns.Said said = patterns.of(access.name());
    Optional<TargetEntry> entry = job.rule().targetFor(job.stems(), access.name());
    Optional<TargetEntry> side = entry.isPresent() && !entry.get().star()
        ? entry
        : job.rule().sideDepFor(job.stems(), place == Place.ROOT ? "." : access.name());
    // What a call ignores is no longer in the access from that moment on; what the rule ignores never counts.
    int depFlags = access.depFlags() & ~DepFlags.IGNORE | said.depFlags() | side.map(TargetEntry::depFlags).orElse(0);
    int targetFlags = access.targetFlags() & ~TargetFlags.IGNORE | said.targetFlags() | entry.map(TargetEntry::flags).orElse(0);
    boolean ignoredTarget = (targetFlags & TargetFlags.IGNORE) != 0;
    return new Touched(
        access, place, entry, depFlags, targetFlags, RunPatterns.first(access.allowed(), said.allowed()),
        ignoredTarget || (depFlags & DepFlags.IGNORE) != 0 || after(access.firstRead(), said.ignoreReads()),
        ignoredTarget || after(access.firstWrite(), said.ignoreWrites()), statik);
  }

  /** Whether something happened once it was to be ignored; on equal dates ignoring wins. */
  private static boolean after(long date, long ignore) {
    return ignore != 0 && date >= ignore;
  }

  String name() {
    return access.name();
  }

  boolean has(int bits) {
    return (access.bits() & bits) != 0;
  }

  boolean target(int flag) {
    return (targetFlags & flag) != 0;
  }

  boolean written() {
    return has(WRITES) && !ignoredWrite;
  }

  /** The rule says from the start that the job may write it. */
  boolean declared() {
    return entry.isPresent();
  }

  /** The rule or a call lets the job write it. */
  boolean mayWrite() {
    return declared() || allowed != 0;
  }

  /** There is a file at the end, as far as we looked. */
  boolean exists() {
    return access.endSig() != 0;
  }

  /** There was a file when it was first touched. */
  boolean existed() {
    return access.firstSig() == 1 ? has(Accesses.EXISTED) : access.firstSig() != 0;
  }

  /** Kinds of access that a dep remembers. */
  int kinds() {
    return access.bits() & Accesses.KINDS;
  }

  /** It was read, or named as a dep, and not merely found again after the job itself wrote it or declared it a target. */
  boolean readCounts() {
    if (ignoredRead || has(Accesses.READ_AFTER_WRITE_ONLY) && written()) return false;
    boolean named = has(Accesses.REQUIRED) || access.group() != 0 && access.firstRead() != 0;
    if (kinds() == 0 && !named) return false;
    return allowed == 0 || target(TargetFlags.SOURCE_OK) || access.firstRead() < allowed;
  }

  /** It was listed as a dir. */
  boolean listed() {
    return has(Accesses.LISTED) && !ignoredRead;
  }
}

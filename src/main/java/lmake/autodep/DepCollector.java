package lmake.autodep;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import lmake.base.Crc;
import lmake.graph.Accesses;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.rules.Manifest;
import lmake.rules.RuleBook;
import lmake.rules.StaticDep;
import lmake.wire.Access;

/**
 * Gathers the deps of one run: static ones first, as one parallel group, then the others by date of their first read.
 *
 * <p>What a dep was when it was read is its sig, under {@link DepVector#SIG}, or {@link Crc#NONE} if there was no file. When
 * only its existence was looked at it is {@link Crc#UNKNOWN_REGULAR}: {@link Crc#differs} then sees it go, and sees no change
 * of content. A file that was read without being looked at is {@link Crc#UNKNOWN}, which makes the job run again.
 */
final class DepCollector {
  private record Found(String name, int node, int kinds, int flags, int group, long date, int marks, long value) {}

  private final Case job;
  private final Graph graph;
  private final Manifest manifest;
  private final long precisionNs;
  private final Set<Integer> built = new HashSet<>(); // before they were read: what was read cannot be hot
  private final Found[] statics;
  private final List<Found> hidden = new ArrayList<>();

  DepCollector(Case job, Graph graph, RuleBook rules) {
    this.job = job;
    this.graph = graph;
    manifest = rules.manifest();
    precisionNs = rules.config().datePrecisionNs();
    statics = new Found[job.statics().size()];
    built.addAll(job.waited());
    for (int i = 0; i < job.before().size(); i++) built.add(job.before().node(i));
    for (int i = 0; i < statics.length; i++) {
      StaticDep dep = job.statics().get(i);
      int node = graph.node(dep.name());
      built.add(node);
      statics[i] = found(dep, node);
    }
  }

  /** A static dep that was not seen to be read. */
  private Found found(StaticDep dep, int node) {
    boolean all = job.untraced() && (dep.flags() & DepFlags.IGNORE) == 0;
    int kinds = all ? Accesses.L | Accesses.R | Accesses.T : 0;
    return new Found(dep.name(), node, kinds, dep.flags(), 0, 0, 0, graph.crc(node));
  }

  void add(Touched file) {
    int index = staticIndex(file.name());
    if (index < 0) {
      hidden.add(found(file, file.kinds(), flags(file)));
      return;
    }
    StaticDep dep = job.statics().get(index);
    if (job.untraced() || (dep.flags() & DepFlags.IGNORE) != 0 || file.ignoredRead()) return;
    statics[index] = found(file, file.kinds(), dep.flags() | file.depFlags());
  }

  /**
   * A source that was written, which is an error. What it was is gone and no other job brings it back: remembered is what it was
   * left to be, so that the error stands until somebody else changes it.
   */
  void addAsLeft(Touched file) {
    int index = staticIndex(file.name());
    int flags = flags(file) | (index < 0 ? 0 : job.statics().get(index).flags());
    long left = file.exists() ? file.access().endCrc() : Crc.NONE;
    Found found =
        new Found(
            file.name(), graph.node(file.name()), file.kinds(), flags, file.access().group(), file.access().firstRead(), 0, left);
    if (index < 0) hidden.add(found);
    else statics[index] = found;
  }

  /** A file of a source dir that was written: all that is remembered is that it matters. */
  void addWeak(Touched file) {
    hidden.add(found(file, file.kinds() | Accesses.L, flags(file)));
  }

  private int staticIndex(String name) {
    for (int i = 0; i < statics.length; i++) if (statics[i].name().equals(name)) return i;
    return -1;
  }

  /** A dir may be absent as a file: what may be listed cannot be required. */
  private static int flags(Touched file) {
    int flags = file.depFlags() | DepFlags.FULL | (file.has(Accesses.REQUIRED) ? DepFlags.REQUIRED : 0);
    return (flags & DepFlags.READDIR_OK) != 0 ? flags & ~DepFlags.REQUIRED : flags;
  }

  private Found found(Touched file, int kinds, int flags) {
    Access access = file.access();
    int node = graph.node(file.name());
    long value = value(access, kinds);
    boolean looked = kinds != 0 && (value & ~0xfL) != 0;
    int marks = (looked ? DepVector.SIG : 0) | (hot(file, node, kinds) ? DepVector.HOT : 0);
    long date = access.firstRead() != 0 ? access.firstRead() : access.firstWrite();
    return new Found(file.name(), node, kinds, flags, access.group(), date, marks, value);
  }

  /** The sig of what was read, or a state of {@link Crc} that is below 16, as no sig is. */
  private static long value(Access access, int kinds) {
    if (access.firstSig() == 0) return Crc.NONE;
    boolean content = (kinds & Accesses.R) != 0;
    boolean text = (kinds & Accesses.L) != 0;
    if (access.firstSig() != 1) return content || text ? access.firstSig() : Crc.UNKNOWN_REGULAR;
    boolean existed = (access.bits() & Accesses.EXISTED) != 0;
    return !content && existed ? Crc.UNKNOWN_REGULAR : Crc.UNKNOWN;
  }

  /** Whether what was read cannot be told: it changed meanwhile, or so shortly before that its date proves nothing. */
  private boolean hot(Touched file, int node, int kinds) {
    if (kinds == 0) return false;
    Access access = file.access();
    if (file.has(Accesses.UNSTABLE)) return true;
    boolean content = (kinds & (Accesses.L | Accesses.R)) != 0;
    if (!file.written() && access.firstSig() != 1 && access.endSig() != 1) {
      boolean changed = access.firstSig() != access.endSig();
      boolean cameOrWent = (access.firstSig() == 0) != (access.endSig() == 0);
      if (content ? changed : cameOrWent) return true;
    }
    boolean fresh = access.firstMtime() != 0 && access.firstRead() < access.firstMtime() + precisionNs;
    return content && fresh && access.firstSig() != 0 && !built.contains(node);
  }

  DepVector build() {
    dropDirs();
    hidden.sort(Comparator.comparingLong(Found::date));
    DepVector.Builder builder = new DepVector.Builder();
    for (int i = 0; i < statics.length; i++) add(builder, statics[i], i > 0);
    Found before = null;
    for (Found dep : hidden) {
      boolean together = before != null && (dep.group() != 0 && dep.group() == before.group() || dep.date() == before.date());
      add(builder, dep, together);
      before = dep;
    }
    return builder.build();
  }

  private static void add(DepVector.Builder builder, Found dep, boolean parallel) {
    builder.add(dep.node(), dep.kinds(), dep.flags(), parallel, dep.marks(), dep.value());
  }

  /**
   * That a dir on the way is no link goes without saying once a file below it is a dep that exists. A source that is a dir is one
   * that is missing.
   */
  private void dropDirs() {
    Set<String> dirs = new HashSet<>();
    List<Found> all = new ArrayList<>(hidden);
    all.addAll(List.of(statics));
    for (Found dep : all) if (dep.kinds() != 0 && dep.value() != Crc.NONE) addDirs(dirs, dep.name());
    hidden.removeIf(dep -> dep.kinds() == Accesses.L && dep.group() == 0 && dep.value() == Crc.NONE && dirs.contains(dep.name())
        && (dep.flags() & DepFlags.REQUIRED) == 0 && !manifest.isSource(dep.name()));
  }

  private static void addDirs(Set<String> dirs, String name) {
    for (int slash = name.lastIndexOf('/'); slash > 0; slash = name.lastIndexOf('/', slash - 1)) {
      if (!dirs.add(name.substring(0, slash))) return;
    }
  }
}

package lmake.server;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lmake.graph.Accesses;
import lmake.wire.Access;
import lmake.wire.JobEnd;

/**
 * From the accesses of a run of the reader to the files the makefiles depend on. Looks at the disk where the run did
 * not.
 */
final class ReadTrace {
  /** Byte code stands for its source, which is what users edit. */
  private static final Pattern BYTE_CODE = Pattern.compile("(.*/|)__pycache__/([^/.]+)\\.[^/]*\\.pyc");

  private static final Pattern NOT_FILES = Pattern.compile("/(proc|sys|dev)(/.*)?|LMAKE(/.*)?");

  /** A file read within one tick of the kernel's clock after its last change may change again and keep its date. */
  private static final long TICK_NS = 4_000_000;

  /** The reader knew it to exist, and no more. */
  private static final long SIG_UNKNOWN = 1;

  private final Disk disk;

  ReadTrace(Disk disk) {
    this.disk = disk;
  }

  /** In order of first access. */
  List<ReadDeps.File> files(JobEnd end) {
    Map<String, Long> states = new LinkedHashMap<>();
    for (Access access : end.accesses()) {
      if (isRead(access)) states.putIfAbsent(source(access.name()), state(access));
    }
    complete(states, end.start());
    List<ReadDeps.File> files = new ArrayList<>(states.size());
    states.forEach((name, state) -> files.add(new ReadDeps.File(name, state)));
    return files;
  }

  private static boolean isRead(Access access) {
    boolean own = (access.bits() & Accesses.READ_AFTER_WRITE_ONLY) != 0;
    return (access.bits() & Accesses.KINDS) != 0 && !own && !NOT_FILES.matcher(access.name()).matches();
  }

  private static String source(String name) {
    Matcher matcher = BYTE_CODE.matcher(name);
    return matcher.matches() ? matcher.group(1) + matcher.group(2) + ".py" : name;
  }

  private static long state(Access access) {
    boolean fresh = access.firstMtime() != 0 && access.firstRead() - access.firstMtime() < TICK_NS;
    if ((access.bits() & Accesses.UNSTABLE) != 0 || fresh) return ReadDeps.MOVING;
    // Of byte code, absent or not, nothing is known that would tell about its source.
    return access.name().endsWith(".pyc") ? SIG_UNKNOWN : access.firstSig();
  }

  /** Tells dirs from what is absent, and looks at files the reader only knew to exist. */
  private void complete(Map<String, Long> states, long start) {
    List<String> open = new ArrayList<>();
    states.forEach((name, state) -> {
      if (state == ReadDeps.ABSENT || state == SIG_UNKNOWN) open.add(name);
    });
    Disk.Seen[] seen = disk.look(open.toArray(new String[0]), new long[open.size()], false);
    for (int i = 0; i < seen.length; i++) {
      long then = states.get(open.get(i));
      long now = ReadDeps.state(seen[i]);
      boolean later = seen[i].date() > start - TICK_NS;
      if (then == ReadDeps.ABSENT && (now == ReadDeps.DIR || now == ReadDeps.SPECIAL)) states.put(open.get(i), now);
      else if (then == SIG_UNKNOWN) states.put(open.get(i), later && seen[i].kind().file() ? ReadDeps.MOVING : now);
    }
  }
}

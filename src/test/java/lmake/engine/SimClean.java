package lmake.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import lmake.base.Crc;
import lmake.engine.Event.FileKind;
import lmake.engine.SimWorld.SimRule;
import lmake.graph.DepFlags;

/**
 * The slow obvious model: what a build from nothing gives, from the sources of this disk alone. Each file that is asked for is made
 * by running the recipe of its job, which asks for others in turn.
 */
final class SimClean {
  /**
   * What stands at a name.
   *
   * @param content null when there is no file
   * @param error what depends on it cannot be right
   * @param official it is a source, or a product, even if one that is not written
   */
  record Expected(String content, FileKind kind, boolean error, boolean official) {
    long crc() {
      return SimDisk.crc(content, kind);
    }

    boolean link() {
      return content != null && kind == FileKind.LINK;
    }
  }

  private static final Expected ABSENT = new Expected(null, FileKind.ABSENT, false, false);
  private static final Expected WRONG = new Expected(null, FileKind.ABSENT, true, true);

  private record Outcome(Map<String, Expected> files, boolean error, boolean stepsAside) {}

  final Map<String, Expected> files = new HashMap<>();

  /** Some file depends on itself: what comes of that is not said here. */
  boolean cyclic;

  /** Some job may read a file whose status alone is certain, or one of its own that it was to make no difference. */
  boolean unsure;

  /** Files in error of which some job was told, and which it may do without. */
  private final Set<String> toldWrong = new HashSet<>();

  /** What was in error of what a job asked for, by job. */
  private final Map<String, Set<String>> wrongDeps = new HashMap<>();

  private final SimWorld world;
  private final SimDisk disk;
  private final Predicate<String> nobodys; // no job ever wrote it
  private final Map<String, Outcome> jobs = new HashMap<>();
  private final Set<String> busy = new HashSet<>();

  SimClean(SimWorld world, SimDisk disk, Predicate<String> nobodys) {
    this.world = world;
    this.disk = disk;
    this.nobodys = nobodys;
  }

  Expected file(String name) {
    Expected known = files.get(name);
    if (known != null) return known;
    if (!busy.add(name)) {
      cyclic = true;
      return WRONG;
    }
    Expected made = make(name);
    files.put(name, made);
    busy.remove(name);
    return made;
  }

  private Expected make(String name) {
    SimDisk.Version version = disk.kind(name).file() ? disk.files.get(name) : null;
    if (world.sources.contains(name)) {
      return version == null ? WRONG : new Expected(version.content(), version.kind(), false, true);
    }
    if (belowWrong(name)) return WRONG;
    List<SimRule> order = new ArrayList<>(world.rules);
    order.sort(Comparator.comparingDouble(rule -> -rule.prio));
    for (SimRule rule : order) {
      if (!SimWorld.targetOf(rule, name)) continue;
      Outcome outcome = job(rule, rule.stem(name));
      if (outcome.stepsAside()) continue;
      if (outcome.error()) return WRONG;
      Expected file = outcome.files().get(name);
      if (file != null) return file;
      if (name.charAt(0) == 'p') return new Expected(null, FileKind.ABSENT, false, true);
    }
    // A file the user left there: not ours to judge, nor to touch.
    if (version != null && nobodys.test(name)) return new Expected(version.content(), version.kind(), true, true);
    return ABSENT;
  }

  /** A source that is missing, or what a job failed to make, may be a link to a dir: nobody can say what stands below it. */
  private boolean belowWrong(String name) {
    for (int i = name.indexOf('/'); i > 0; i = name.indexOf('/', i + 1)) {
      String dir = name.substring(0, i);
      boolean file = world.sources.contains(dir) || world.rules.stream().anyMatch(rule -> SimWorld.targetOf(rule, dir));
      if (file && file(dir).error()) return true;
    }
    return false;
  }

  /** What a job leaves, by the name of its rule. */
  Map<String, Expected> filesOf(String rule, String stem) {
    Outcome outcome = job(world.rule(rule), stem);
    return outcome.error() || outcome.stepsAside() ? Map.of() : outcome.files();
  }

  private Outcome job(SimRule rule, String stem) {
    String key = key(rule, stem);
    Outcome known = jobs.get(key);
    if (known != null) return known;
    Outcome made = run(rule, stem);
    jobs.put(key, made);
    return made;
  }

  private static String key(SimRule rule, String stem) {
    return rule.name + " " + stem;
  }

  /** Jobs, as {@code rule stem}, whose errors some job may do without: those of the files it was told of, and what led to them. */
  Set<String> dispensable() {
    Set<String> found = new HashSet<>();
    Set<String> met = new HashSet<>();
    Deque<String> left = new ArrayDeque<>(toldWrong);
    while (!left.isEmpty()) {
      String file = left.pop();
      if (!met.add(file)) continue;
      if (file.contains("/")) left.push(file.substring(0, file.lastIndexOf('/'))); // what may have to be a link
      for (SimRule rule : world.rules) {
        if (!SimWorld.targetOf(rule, file)) continue;
        String job = key(rule, rule.stem(file));
        found.add(job);
        left.addAll(wrongDeps.getOrDefault(job, Set.of()));
      }
    }
    return found;
  }

  private Outcome run(SimRule rule, String stem) {
    boolean error = false;
    Set<String> wrong = wrongDeps.computeIfAbsent(key(rule, stem), name -> new HashSet<>());
    for (String dep : SimWorld.statics(rule, stem)) {
      Expected expected = file(dep);
      error |= expected.error();
      if (expected.error()) wrong.add(dep);
      if (!expected.official() && !expected.error()) return new Outcome(Map.of(), false, true);
    }
    Job job = new Job(rule, stem);
    world.play(rule.name, stem, job);
    wrong.addAll(job.errors);
    for (String file : job.written.keySet()) error |= SimWorld.strays(rule, file);
    return new Outcome(job.written, error | job.error(), false);
  }

  /** A job that finds made all it asks for. */
  private final class Job implements SimActs {
    private final Map<String, Expected> written = new LinkedHashMap<>();
    private final SimRule rule;
    private final String stem;
    private final Set<String> errors = new HashSet<>();
    private final Set<String> ignored = new HashSet<>(); // may be in error
    private final Set<String> missed = new HashSet<>(); // required, and nobody makes them: but what it writes itself is no dep
    private boolean failed;

    Job(SimRule rule, String stem) {
      this.rule = rule;
      this.stem = stem;
    }

    /** What it makes itself was not there when it began, nor anything below. */
    private Expected file(String name) {
      for (int i = name.indexOf('/'); i > 0; i = name.indexOf('/', i + 1)) if (own(name.substring(0, i))) return ABSENT;
      boolean own = own(name);
      // Through a link it reads what it starts from, and promised to make no difference.
      unsure |= own && rule.incremental && name.charAt(0) == 'g';
      return own ? ABSENT : SimClean.this.file(name);
    }

    private boolean own(String name) {
      return SimWorld.targetOf(rule, name) && rule.stem(name).equals(stem) && !world.sources.contains(name);
    }

    private boolean error() {
      for (String name : errors) unsure |= ignored.contains(name) && !world.sources.contains(name);
      return failed || !written.keySet().containsAll(missed) || !ignored.containsAll(errors);
    }

    private Expected look(String name) {
      Expected one = file(name);
      if (one.error()) errors.add(name);
      return one;
    }

    private String walk(String name, boolean followLast) {
      return walk(name, followLast, false);
    }

    private String walk(String name, boolean followLast, boolean ignoresErrors) {
      return SimDisk.resolve(
          name,
          followLast,
          (here, last) -> {
            Expected one = file(here);
            if (one.link()) look(here);
            if (one.link() && ignoresErrors) ignored.add(here);
            // The link that a failed job may have left leads somewhere, or nowhere.
            unsure |= one.error() && ignoresErrors && !world.sources.contains(here);
            return one.link() ? one.content() : null;
          });
    }

    private Expected see(String name, boolean followLast) {
      String end = walk(name, followLast);
      return end == null ? ABSENT : look(end);
    }

    @Override
    public String read(String name) {
      Expected one = see(name, true);
      return one.kind() == FileKind.EXECUTABLE ? "#!" + one.content() : one.content();
    }

    @Override
    public boolean exists(String name) {
      return see(name, true).content() != null;
    }

    @Override
    public String readlink(String name) {
      Expected one = see(name, false);
      return one.link() ? one.content() : null;
    }

    @Override
    public void need(List<String> names, int depFlags) {
      for (String name : names) {
        String end = walk(name, false);
        if (end == null) continue;
        Expected one = look(end);
        if ((depFlags & DepFlags.REQUIRED) != 0 && !one.official()) missed.add(end);
      }
    }

    @Override
    public boolean build(List<String> names, int depFlags) {
      need(names, depFlags);
      return errors.isEmpty() || names.stream().noneMatch(name -> see(name, false).error());
    }

    @Override
    public List<String> tell(List<String> names, int depFlags) {
      List<String> lines = new ArrayList<>();
      for (String name : names) {
        boolean ignores = (depFlags & DepFlags.IGNORE_ERROR) != 0;
        String end = walk(name, false, ignores);
        if (end != null && ignores) ignored.add(end);
        lines.add(end == null ? "- - ?" : line(end));
      }
      return lines;
    }

    private String line(String name) {
      Expected one = file(name);
      if (one.error()) toldWrong.add(name);
      return one.error() ? "error - " + name : "ok " + Crc.show(one.crc()) + " " + name;
    }

    @Override
    public void checkDeps(boolean sync) {}

    @Override
    public String former(String name) {
      return null;
    }

    @Override
    public void write(String name, String content, FileKind kind) {
      written.put(name, new Expected(content, kind, false, true));
    }

    @Override
    public void unlink(String name) {}

    @Override
    public void fail() {
      failed = true;
    }
  }
}

package lmake.engine;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import lmake.autodep.Case;
import lmake.autodep.Verdict;
import lmake.base.Crc;
import lmake.engine.Event.FileKind;
import lmake.engine.Event.Question;
import lmake.graph.Accesses;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.JobResult;
import lmake.rules.Rule;
import lmake.rules.RuleBook;
import lmake.rules.StaticDep;
import lmake.rules.TargetEntry;
import lmake.wire.Access;
import lmake.wire.JobEnd;

/**
 * One execution of a job on the fake disk: does one act of its recipe a step, and keeps of each file what the tracer and the agent
 * would report. Its end goes through the same {@link Verdict} as those of real jobs.
 */
final class SimJob implements SimActs {
  /** Thrown to leave a recipe when its act of this step is done. */
  private static final class Pause extends RuntimeException {
    private static final long serialVersionUID = 1;

    Pause() {
      super("", null, false, false);
    }
  }

  private static final class Failed extends RuntimeException {
    private static final long serialVersionUID = 1;

    Failed() {
      super("", null, false, false);
    }
  }

  /** What it did to one file. */
  private static final class Touch {
    int bits;
    boolean looked;
    long firstRead;
    long firstWrite;
    long firstSig;
    long firstMtime;
    int group;
    int depFlags;
  }

  final int job;
  final long attempt;
  final Rule rule;
  final String[] stems;
  boolean killed;
  boolean checking; // killed by its own question
  final Map<String, SimDisk.Version> reads = new LinkedHashMap<>(); // what was first seen at each name it read

  private final SimServer server;
  private final SimProject project;
  private final SimDisk disk;
  private final Graph graph;
  private final DepVector before;
  private final Map<String, Touch> touches = new LinkedHashMap<>();
  private final Set<Integer> waited = new HashSet<>();
  private final List<Object> done = new ArrayList<>();
  private final Map<Long, Action.Answer> answers = new LinkedHashMap<>();
  private int cursor;
  private boolean spent;
  boolean paused; // it asked for deps to be made, and counts for nothing
  private long waiting; // the question whose answer it waits for, 0 when none
  private int groups;
  private final long start;

  SimJob(SimServer server, SimProject project, RuleBook book, int job, long attempt) {
    this.server = server;
    this.project = project;
    this.disk = server.disk;
    this.graph = server.graph;
    this.job = job;
    this.attempt = attempt;
    this.rule = book.rule(graph.rule(job)).orElseThrow();
    this.stems = graph.stems(job);
    this.before = graph.deps(job);
    this.start = disk.tick();
  }

  String stem() {
    return stems.length == 0 ? "" : stems[0];
  }

  /** An answer is to come, without which it does not go on by itself. */
  boolean asks() {
    return waiting != 0;
  }

  boolean waits() {
    return waiting != 0 && !killed;
  }

  void answered(Action.Answer answer) {
    answers.put(answer.ask(), answer);
    if (waiting == answer.ask()) waiting = 0;
  }

  /** One act; the end of the job when there was none left, null before. */
  JobEnd act(RuleBook book) {
    cursor = 0;
    spent = false;
    boolean ok = true;
    try {
      project.play(rule.name(), stem(), this);
    } catch (Pause pause) {
      return null;
    } catch (Failed failed) {
      ok = false;
    }
    if (project.flaky(rule.name())) ok = false;
    return end(JobEnd.Outcome.EXITED, ok ? 0 : 256);
  }

  JobEnd end(JobEnd.Outcome outcome, int status) {
    return new JobEnd(
        attempt, outcome, status, start, start + 1_000_000, 0, 0, 0, 0, new byte[0], new byte[0], List.of(), List.of(), accesses(),
        List.of());
  }

  JobResult judge(JobEnd end, RuleBook book) {
    List<StaticDep> statics = rule.staticDeps(stems).orElseThrow();
    Case one = new Case(rule, stems, statics, before, waited, true, true, false, false, 0);
    return Verdict.judge(one, book, graph, end);
  }

  /** Leaves half written files behind, as a job that dies may. */
  void tear(java.util.Random random) {
    List<String> statics = new ArrayList<>();
    for (TargetEntry entry : rule.targets()) if (!entry.star()) statics.add(entry.name(stems));
    for (String name : project.torn(rule.name(), stem(), statics)) {
      if (random.nextBoolean()) put(name, "torn", FileKind.REGULAR);
    }
  }

  // --- what the agent reports

  private List<Access> accesses() {
    Set<String> wanted = new HashSet<>();
    for (List<TargetEntry> entries : List.of(rule.targets(), rule.sideTargets())) {
      for (TargetEntry entry : entries) {
        if (entry.star()) continue;
        wanted.add(entry.name(stems));
        touches.computeIfAbsent(entry.name(stems), name -> new Touch());
      }
    }
    List<Access> accesses = new ArrayList<>();
    touches.forEach((name, touch) -> accesses.add(access(name, touch, wanted.contains(name))));
    return accesses;
  }

  private Access access(String name, Touch t, boolean wanted) {
    SimDisk.Version now = disk.kind(name).file() ? disk.files.get(name) : null;
    boolean summed = wanted || (t.bits & (Accesses.WRITE | Accesses.UNLINK)) != 0;
    return new Access(
        name, t.bits, t.firstRead, t.firstWrite, 0, t.looked ? t.firstSig : 1, now == null ? 0 : now.sig(), t.firstMtime,
        summed ? disk.crc(now) : 0, t.group, t.depFlags, 0);
  }

  private void look(Touch touch, String name) {
    if (touch.looked) return;
    touch.looked = true;
    SimDisk.Version version = disk.files.get(name);
    touch.firstSig = version == null ? 0 : version.sig();
    touch.firstMtime = version == null ? 0 : version.date();
    if (version != null) touch.bits |= Accesses.EXISTED;
  }

  private SimDisk.Version see(String name, int kinds) {
    Touch touch = touches.computeIfAbsent(name, key -> new Touch());
    SimDisk.Version version = disk.files.get(name);
    look(touch, name);
    long date = disk.tick();
    boolean ownWrite = touch.firstWrite != 0;
    if (!ownWrite && touch.firstSig != (version == null ? 0 : version.sig())) touch.bits |= Accesses.UNSTABLE;
    if (touch.firstRead == 0) {
      touch.firstRead = date;
      if (ownWrite) touch.bits |= Accesses.READ_AFTER_WRITE_ONLY;
    }
    touch.bits |= kinds;
    if (!ownWrite) reads.putIfAbsent(name, version);
    return version;
  }

  private boolean put(String name, String content, FileKind kind) {
    Touch touch = touches.computeIfAbsent(name, key -> new Touch());
    look(touch, name);
    if (!disk.write(name, content, kind)) return false;
    touch.bits |= Accesses.WRITE;
    if (touch.firstWrite == 0) touch.firstWrite = disk.tick();
    return true;
  }

  // --- acts

  /** Done once; later passes over the recipe get what it gave. One act that takes time a step. */
  @SuppressWarnings("unchecked")
  private <T> T once(boolean takesTime, Supplier<T> act) {
    if (cursor < done.size()) return (T) done.get(cursor++);
    if (takesTime && spent) throw new Pause();
    spent |= takesTime;
    T result = act.get();
    done.add(result);
    cursor++;
    return result;
  }

  /** Where the name leads; links on the way are looked at, the end is not. That dirs are no links is told of nowhere. */
  private String walk(String name, boolean followLast) {
    return walk(name, followLast, 0);
  }

  private String walk(String name, boolean followLast, int flagsOfLinks) {
    return SimDisk.resolve(
        name,
        followLast,
        (here, last) -> {
          SimDisk.Version version = disk.files.get(here);
          boolean link = version != null && version.link();
          if (link) see(here, Accesses.L);
          if (link) touches.get(here).depFlags |= flagsOfLinks;
          return link ? version.content() : null;
        });
  }

  @Override
  public String read(String name) {
    return once(
        true,
        () -> {
          String end = walk(name, true);
          if (end == null) return null;
          SimDisk.Version version = see(end, Accesses.L | Accesses.R);
          return version == null ? null : text(version);
        });
  }

  /** An executable says so. */
  static String text(SimDisk.Version version) {
    return version.kind() == FileKind.EXECUTABLE ? "#!" + version.content() : version.content();
  }

  @Override
  public boolean exists(String name) {
    return once(
        true,
        () -> {
          String end = walk(name, true);
          return end != null && see(end, Accesses.L | Accesses.T) != null; // to follow a link is to read it
        });
  }

  @Override
  public String readlink(String name) {
    return once(
        true,
        () -> {
          String end = walk(name, false);
          SimDisk.Version version = end == null ? null : see(end, Accesses.L);
          return version != null && version.link() ? version.content() : null;
        });
  }

  @Override
  public void need(List<String> names, int depFlags) {
    once(true, () -> note(real(names, depFlags), depFlags));
  }

  /** As the agent sees names it is given: dirs that are links are followed, and noted. An error of these is ignored, too. */
  private List<String> real(List<String> names, int depFlags) {
    return names.stream().map(name -> walk(name, false, depFlags & DepFlags.IGNORE_ERROR)).filter(name -> name != null).toList();
  }

  private boolean note(List<String> names, int depFlags) {
    int group = ++groups;
    for (String name : names) {
      Touch touch = touches.computeIfAbsent(name, key -> new Touch());
      if (touch.group == 0) touch.group = group;
      touch.depFlags |= depFlags;
      if ((depFlags & DepFlags.REQUIRED) != 0) touch.bits |= Accesses.REQUIRED;
      if (touch.firstRead == 0) touch.firstRead = disk.tick();
    }
    return true;
  }

  @Override
  public boolean build(List<String> names, int depFlags) {
    return ask(Question.BUILD_NOW, names, depFlags, true).ok();
  }

  @Override
  public List<String> tell(List<String> names, int depFlags) {
    List<String> lines = ask(Question.TELL, names, depFlags, true).lines();
    return lines.isEmpty() ? List.of("- - ?") : lines;
  }

  @Override
  public void checkDeps(boolean sync) {
    ask(sync ? Question.CHECK_DEPS_SYNC : Question.CHECK_DEPS, List.of(), 0, sync);
  }

  private record Asking(long number, List<String> names) {}

  private Action.Answer ask(Question question, List<String> given, int depFlags, boolean waits) {
    Asking ask =
        once(
            true,
            () -> {
              List<String> names = real(given, depFlags);
              long number = given.size() > names.size() ? 0 : server.nextAsk++;
              if (number == 0) return new Asking(0, names);
              if (!names.isEmpty()) note(names, depFlags);
              DepVector deps = names.isEmpty() ? readSoFar() : asked(names, depFlags);
              if (waits) waiting = number;
              server.ask(this, new Event.JobAsks(job, attempt, number, question, deps), question == Question.BUILD_NOW);
              return new Asking(number, names);
            });
    // A name that leads nowhere is nothing to ask about.
    if (!waits || ask.number() == 0) return new Action.Answer(job, attempt, ask.number(), true, List.of());
    Action.Answer answer = answers.get(ask.number());
    if (answer == null) throw new Pause();
    return once(
        false,
        () -> {
          if (question == Question.BUILD_NOW) ask.names().forEach(name -> waited.add(graph.node(name)));
          // What is told of a file is what it is on disk now, as far as the job can know.
          if (question == Question.TELL) ask.names().forEach(name -> see(name, Accesses.L | Accesses.R | Accesses.T));
          return answer;
        });
  }

  private DepVector asked(List<String> names, int depFlags) {
    DepVector.Builder deps = new DepVector.Builder();
    boolean first = true;
    for (String name : names) {
      deps.add(graph.node(name), Accesses.L | Accesses.R | Accesses.T, depFlags, !first, 0, 0);
      first = false;
    }
    return deps.build();
  }

  private DepVector readSoFar() {
    DepVector.Builder deps = new DepVector.Builder();
    touches.forEach(
        (name, t) -> {
          int kinds = t.bits & Accesses.KINDS;
          boolean required = (t.bits & Accesses.REQUIRED) != 0;
          if (kinds == 0 && !required || (t.bits & Accesses.READ_AFTER_WRITE_ONLY) != 0) return;
          boolean sig = t.looked && t.firstSig != 0 && (kinds & (Accesses.L | Accesses.R)) != 0;
          long value = sig ? t.firstSig : t.looked && t.firstSig == 0 ? Crc.NONE : Crc.UNKNOWN_REGULAR;
          deps.add(graph.node(name), kinds, required ? DepFlags.REQUIRED : 0, false, sig ? DepVector.SIG : 0, value);
        });
    return deps.build();
  }

  @Override
  public String former(String name) {
    return once(
        true,
        () -> {
          SimDisk.Version version = see(name, Accesses.L | Accesses.R);
          if (!server.book.manifest().isSource(name)) reads.remove(name);
          return version == null || version.kind() != FileKind.REGULAR ? null : version.content();
        });
  }

  @Override
  public void write(String name, String content, FileKind kind) {
    if (!once(false, () -> put(name, content, kind))) throw new Failed();
  }

  @Override
  public void unlink(String name) {
    once(
        false,
        () -> {
          Touch touch = touches.computeIfAbsent(name, key -> new Touch());
          look(touch, name);
          if (disk.files.containsKey(name)) {
            touch.bits |= Accesses.UNLINK;
            if (touch.firstWrite == 0) touch.firstWrite = disk.tick();
            disk.remove(name);
          }
          return true;
        });
  }

  @Override
  public void fail() {
    throw new Failed();
  }
}

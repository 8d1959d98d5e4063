package lmake.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import lmake.base.Bug;
import lmake.base.Crc;
import lmake.engine.Event.FileKind;
import lmake.engine.SimClean.Expected;
import lmake.engine.SimWorld.Feature;
import lmake.engine.SimWorld.SimRule;
import lmake.graph.Accesses;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.JobResult;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;
import lmake.graph.TargetVector;

/**
 * One project and its life: edits, builds in whose course anything may happen, then quiet builds, after which all must be as the
 * slow model says. While it is quiet each start of a job must be one that had to be.
 *
 * <p>What is not asked for, and why:
 *
 * <ul>
 *   <li>Where a job writes a file that is not its own ({@link Feature#POLLUTION}), the file may be made right only by a build
 *       that follows: it was finished when the other job ran. So quiet builds go on until one starts nothing.
 *   <li>There, two jobs may also undo what the other one did, each time, until it is told of (as a clash, or as a {@code submit_loop});
 *       then no build is the last one.
 *   <li>An error that some job was told of, and does without, is needed for certain and yet makes no command fail.
 *   <li>Jobs in error are run again by the first quiet build alone, and only if something was flaky.
 *   <li>Of files that depend on themselves only the verdict is asked.
 * </ul>
 */
class SimSession implements SimServer.Watcher {
  private static final int QUIET_BUILDS = 8;
  private static final int RUNS = 30; // of one job, in one quiet build

  /** What a job did when it last ran. */
  private record Last(
      JobStatus status, long cmd, long resources, Map<String, SimDisk.Version> reads, Map<Integer, Expected> targets) {
    Last cut() {
      return new Last(JobStatus.KILLED, cmd, resources, reads, targets);
    }
  }

  final List<String> log = new ArrayList<>();
  private final SimPlan plan;
  final Random luck = new Random();
  final SimWorld world;
  final SimDisk disk = new SimDisk();
  final SimServer server;
  private final Map<Integer, Last> last = new HashMap<>();
  private final Map<String, Integer> writers = new HashMap<>();
  private final Map<String, Integer> runs = new HashMap<>();
  private SimClean clean;
  private boolean quiet;
  private boolean forgetErrors;
  private boolean disturbed;
  boolean cut; // the disk holds what nobody wrote: who must run again cannot be told
  private int logged;

  SimSession(SimPlan plan) {
    this.plan = plan;
    world = new SimWorld(plan.seed(), plan.features(), plan.layers(), luck);
    disk.coarse = has(Feature.COARSE);
    Random random = new Random(plan.seed() + 1);
    for (String source : world.sources) writeSource(source, world.content(source, random));
    server = new SimServer(world, disk, luck, 0);
    Random places = new Random(0); // of its own: what else is drawn stays the same
    server.place = (engine, start) -> places.nextInt(8);
    server.watcher = this;
  }

  private boolean has(Feature feature) {
    return plan.features().contains(feature);
  }

  void run() {
    for (SimPlan.Step step : plan.steps()) {
      for (long edit : step.edits()) {
        luck.setSeed(edit);
        disk.sleep();
        edit();
      }
      luck.setSeed(step.build());
      disk.sleep();
      List<String> targets = targets();
      note("build " + targets);
      build(targets);
      settle(targets);
    }
    note("end");
  }

  /** What was said and done, for the reader of a failure. */
  List<String> tail() {
    note("");
    List<String> tail = new ArrayList<>();
    for (SimRule rule : world.rules) {
      tail.add(rule + (rule.removed ? " removed" : "") + (rule.fails ? " fails" : "") + " stray " + rule.stray);
    }
    disk.files.forEach((name, version) -> tail.add(name + " = " + version));
    tail.addAll(log.subList(Math.max(0, log.size() - 80), log.size()));
    return tail;
  }

  void note(String text) {
    for (; logged < server.said.size(); logged++) log.add("   " + server.said.get(logged));
    log.add(text);
  }

  List<String> targets() {
    TreeSet<String> targets = new TreeSet<>();
    for (int n = 1 + luck.nextInt(3); n > 0; n--) targets.add(world.anyTarget(luck));
    return List.copyOf(targets);
  }

  // --- builds

  /** A build in whose course anything may happen. */
  private void build(List<String> targets) {
    server.lossRate = has(Feature.LOSSES) ? 0.03 : 0;
    disturbed = false;
    List<Integer> reqs = new ArrayList<>();
    reqs.add(server.open(targets, options()));
    int trouble = luck.nextInt(6);
    for (int n = luck.nextInt(30); n > 0 && !server.idle(); n--) {
      server.step();
      if (has(Feature.COMMANDS) && luck.nextInt(10) == 0) {
        List<String> more = targets();
        note("command " + more);
        reqs.add(server.open(more, options()));
      }
      if (has(Feature.COMMANDS) && luck.nextInt(15) == 0) server.kill(reqs.get(luck.nextInt(reqs.size())));
    }
    switch (trouble) {
      case 1 -> editSource();
      case 2 -> {
        note("interrupt");
        server.kill(reqs.get(0));
      }
      case 3 -> {
        note("crash");
        server.restart();
        disturbed = true;
        return;
      }
      case 4 -> removeSource();
      default -> {}
    }
    for (int req : reqs) server.run(req);
  }

  private ReqOptions options() {
    if (!has(Feature.COMMANDS)) return ReqOptions.DEFAULT;
    return new ReqOptions(
        luck.nextInt(4) == 0, luck.nextInt(4) == 0, luck.nextInt(3), luck.nextInt(8) == 0 ? 2 : 0, luck.nextInt(8) == 0 ? 3 : 0,
        luck.nextInt(8) == 0, luck.nextInt(8) == 0, luck.nextInt(8) == 0, luck.nextInt(4) == 0, false, false, false);
  }

  private ReqOptions quietOptions(boolean again) {
    return new ReqOptions(luck.nextInt(4) == 0, again, 0, 0, 0, false, false, false, false, false, false, false);
  }

  /** Builds while nothing disturbs, and judges. */
  void settle(List<String> targets) {
    note("settle");
    server.lossRate = 0;
    while (!server.idle()) server.step();
    Bug.check(!server.busy(), "a command is left with nothing to do");
    disk.sleep();
    quiet = true;
    world.calm = true;
    clean = new SimClean(world, disk, this::nobodys);
    for (String target : targets) clean.file(target);
    boolean spoiled = cut || has(Feature.FLAKY) || has(Feature.LOSSES) || disturbed;
    boolean again = cut || has(Feature.FLAKY) || has(Feature.LOSSES) || has(Feature.COMMANDS);
    int before;
    int first = server.said.size();
    boolean looked = false;
    boolean fight = false;
    for (int round = 0; ; round++) {
      before = server.started.size();
      runs.clear();
      forgetErrors = again && round == 0;
      ReqOptions options = quietOptions(forgetErrors);
      int said = server.said.size();
      int req = server.open(targets, options);
      server.run(req);
      if (server.done.get(req).ok()) noErrorIsCertain(said);
      boolean settled = server.started.size() == before;
      if (settled) note("nothing to do");
      else note("built " + server.started.subList(before, server.started.size()));
      boolean undone = has(Feature.POLLUTION) && !settled && !server.done.get(req).ok();
      if (!undone) check(targets, options, server.done.get(req).ok());
      if (settled) break;
      boolean more = options.archive() && !looked; // files that are needed, and that no build has looked at until now
      looked |= options.archive();
      boolean onceMore = round == 0 || forgetErrors || spoiled || more || has(Feature.POLLUTION);
      Bug.check(onceMore || round < 1, "second build runs %s", server.started.subList(before, server.started.size()));
      fight |= !server.done.get(req).clashes().isEmpty();
      if (round == QUIET_BUILDS && (fight || fight(first))) break;
      Bug.check(round < QUIET_BUILDS, "builds never settle : %s", server.started.subList(before, server.started.size()));
    }
    quiet = false;
    world.calm = false;
  }

  /** Jobs undo each other's files until a limit stops them. */
  private boolean fight(int from) {
    boolean stopped = server.said.subList(from, server.said.size()).stream().anyMatch(line -> line.startsWith("submit_loop "));
    return has(Feature.POLLUTION) && stopped;
  }

  /** What is needed for certain and in error makes the command fail. */
  private void noErrorIsCertain(int from) {
    for (String line : server.said.subList(from, server.said.size())) {
      boolean error = line.matches("(was_)?(failed|dep_error|lost_err|run_loop|submit_loop) .*");
      boolean needless = error && clean.dispensable().contains(line.substring(line.indexOf(' ') + 1));
      Bug.check(!error || needless, "the command succeeds in spite of: %s", line);
    }
  }

  private boolean nobodys(String name) {
    int node = server.graph.findNode(name);
    return node == 0 || server.graph.writer(node) == 0;
  }

  private void check(List<String> targets, ReqOptions options, boolean ok) {
    if (clean.unsure || clean.cyclic && has(Feature.ASKS)) return;
    boolean allRight = targets.stream().map(clean::file).allMatch(e -> !e.error() && e.official());
    Bug.check(allRight == ok, "verdict on %s is %s", targets, ok);
    if (clean.cyclic || clean.unsure) return;
    for (String target : targets) {
      Expected expected = clean.file(target);
      if (expected.error()) continue;
      checkFile(target, expected);
      long crc = server.graph.crc(server.graph.findNode(target));
      Bug.check(crc == expected.crc(), "crc of %s is %s, expected %s", target, Crc.show(crc), Crc.show(expected.crc()));
    }
    if (!ok || has(Feature.POLLUTION)) return;
    if (!options.archive()) return;
    clean.files.forEach((name, expected) -> {
      if (!expected.error() && expected.content() != null) checkFile(name, expected);
    });
  }

  private void checkFile(String name, Expected expected) {
    SimDisk.Version version = disk.kind(name).file() ? disk.files.get(name) : null;
    boolean same =
        version == null
            ? expected.content() == null
            : version.content().equals(expected.content()) && version.kind() == expected.kind();
    Bug.check(same, "%s is %s, expected %s", name, version, expected);
  }

  // --- each start is one that had to be

  @Override
  public void starts(Action.Start start, String name) {
    if (quiet) judge(start, name);
    // Until its end is told, nothing is known of it: a crash may come first.
    last.computeIfPresent(start.job(), (job, run) -> run.cut());
  }

  private void judge(Action.Start start, String name) {
    int count = runs.merge(name, 1, Integer::sum);
    Bug.check(count <= RUNS, "%s runs %d times in one build", name, count);
    if (cut || clean.cyclic || clean.unsure) return;
    Bug.check(needed(start.job(), start.why()), "%s runs without need (%s)", name, start.why());
    depsAreThere(start.job(), name);
  }

  private boolean needed(int job, RunReason why) {
    // What is told of a file that two jobs write at once is what the last one of them tells.
    boolean twice = why.kind() == RunReason.Kind.TARGET_POLLUTED || why.kind() == RunReason.Kind.TARGET_BUSY;
    if (has(Feature.POLLUTION) && twice) return true;
    Last run = last.get(job);
    if (run == null || run.status().mustRun()) return true;
    var rule = server.book.rule(server.graph.rule(job)).orElseThrow();
    if (run.cmd() != rule.cmdCrc()) return true;
    if (run.status().error() && (forgetErrors || run.resources() != rule.rsrcCrc())) return true;
    for (Map.Entry<String, SimDisk.Version> read : run.reads().entrySet()) {
      if (changed(read.getKey(), read.getValue())) return true;
      // It wrote what it had read, although it may not.
      if (run.targets().containsKey(server.graph.node(read.getKey()))) return true;
    }
    for (Map.Entry<Integer, Expected> target : run.targets().entrySet()) {
      String file = server.graph.name(target.getKey());
      SimDisk.Version version = disk.files.get(file);
      Expected was = target.getValue();
      boolean same = version == null ? was.content() == null : version.content().equals(was.content()) && version.kind() == was.kind();
      if (!same || writers.getOrDefault(file, 0) != job) return true;
    }
    DepVector deps = server.graph.deps(job);
    // Which content it read could not be told, so much did the file change meanwhile.
    for (int i = 0; i < deps.size(); i++) if (deps.has(i, DepVector.HOT) || deps.has(i, DepVector.SIG)) return true;
    // It was told of an error that is none any more, or the other way round.
    for (int i = 0; i < deps.size(); i++) {
      boolean error = clean.file(server.graph.name(deps.node(i))).error();
      if ((deps.kinds(i) & Accesses.E) != 0 && error != deps.has(i, DepVector.ERROR)) return true;
    }
    return false;
  }

  private boolean changed(String name, SimDisk.Version seen) {
    // A source that the job itself writes: it runs until it finds it as it would leave it.
    if (name.charAt(0) == 'w') return disk.files.get(name) != seen;
    // A file of two writers may have changed, although in the end it does not.
    if (has(Feature.POLLUTION) && (name.charAt(0) == 'q' || name.charAt(0) == 'v')) return true;
    // A dir of it is a link now: who looks there meets another file.
    for (int i = name.indexOf('/'); i > 0; i = name.indexOf('/', i + 1)) if (clean.file(name.substring(0, i)).link()) return true;
    Expected now = clean.file(name);
    if (now.error()) return true;
    if (seen == null) return now.content() != null;
    return !seen.content().equals(now.content()) || seen.kind() != now.kind();
  }

  /** What a job is known to depend on is made, and right, before it starts. */
  private void depsAreThere(int job, String name) {
    // To get out of a loop, a job with a reason to run does not wait for what it read in former times.
    if (has(Feature.POLLUTION) || has(Feature.CYCLES)) return;
    DepVector deps = server.graph.deps(job);
    for (int i = 0; i < deps.size(); i++) {
      // A job may well start when something critical changed: what follows is not waited for.
      if ((deps.flags(i) & DepFlags.CRITICAL) != 0) return;
      if (deps.kinds(i) == 0) continue;
      String dep = server.graph.name(deps.node(i));
      if (world.sources.contains(dep)) continue;
      Expected expected = clean.file(dep);
      if (expected.error() || !expected.official()) continue;
      checkFile(dep, expected);
    }
  }

  @Override
  public void ended(SimJob job, JobResult result) {
    Map<Integer, Expected> targets = new LinkedHashMap<>();
    TargetVector made = result.targets();
    for (int i = 0; i < made.size(); i++) {
      String file = server.graph.name(made.node(i));
      SimDisk.Version version = disk.files.get(file);
      writers.put(file, job.job);
      targets.put(made.node(i), new Expected(version == null ? null : version.content(), version == null ? FileKind.ABSENT
          : version.kind(), false, true));
    }
    last.put(job.job, new Last(result.status(), job.rule.cmdCrc(), job.rule.rsrcCrc(), job.reads, targets));
  }

  // --- edits

  void edit() {
    int kinds = 8 + (has(Feature.RULE_CHANGES) ? 5 : 0) + (has(Feature.LINKS) ? 4 : 0);
    int kind = luck.nextInt(kinds);
    if (kind >= 8 && !has(Feature.RULE_CHANGES)) kind += 5;
    switch (kind) {
      case 0, 1, 2 -> editSource();
      case 3 -> touch();
      case 4 -> removeSource();
      case 5 -> spoil();
      case 6 -> changeRule("version", rule -> rule.version += luck.nextInt(3) - rule.version % 10);
      case 7 -> toggle();
      case 8 -> changeRule("resources", rule -> rule.cpu = 1 + luck.nextInt(SimWorld.CPUS));
      case 9 -> changePriority();
      case 10 -> changeRule("removed", rule -> rule.removed = !rule.removed);
      case 11 -> changeRule("static dep", rule -> {
        if (rule.choice) return; // two of one file may not have the same deps
        if (rule.statics.isEmpty()) rule.statics.add("s" + luck.nextInt(4));
        else rule.statics.remove(0);
      });
      case 12 -> changeRule("failing", rule -> {
        rule.fails = !rule.fails;
        rule.version += 10;
      });
      case 13 -> retarget();
      case 14 -> swapDir();
      case 15 -> turnSource();
      default -> executable();
    }
  }

  private void changeRule(String what, java.util.function.Consumer<SimRule> change) {
    if (world.rules.isEmpty()) return;
    SimRule rule = world.rules.get(luck.nextInt(world.rules.size()));
    change.accept(rule);
    note("change " + what + " of " + rule.name);
    server.readRules();
  }

  /** Of two rules for one file, the other one comes first. */
  private void changePriority() {
    note("change priorities");
    for (SimRule rule : world.rules) if (rule.choice) rule.prio = -rule.prio;
    server.readRules();
  }

  private String anySource() {
    List<String> sources = new ArrayList<>(world.sources);
    return sources.get(luck.nextInt(sources.size()));
  }

  private void editSource() {
    String source = anySource();
    note("edit " + source);
    writeSource(source, world.content(source, luck));
  }

  private void removeSource() {
    String source = anySource();
    // What a job writes must be there for it to be read first.
    if (source.charAt(0) == 'w') return;
    note("remove " + source);
    disk.remove(source);
  }

  private void writeSource(String source, String content) {
    disk.removeDir(source);
    disk.write(source, content, source.startsWith("k") ? FileKind.LINK : FileKind.REGULAR);
  }

  private void touch() {
    String source = anySource();
    note("touch " + source);
    SimDisk.Version version = disk.files.get(source);
    if (version != null) disk.write(source, version.content(), version.kind());
  }

  private void toggle() {
    String source = "z" + luck.nextInt(3);
    note("toggle " + source);
    if (world.sources.remove(source)) {
      disk.remove(source);
    } else {
      world.sources.add(source);
      disk.write(source, world.content(source, luck));
    }
    server.readRules();
  }

  private void retarget() {
    String link = luck.nextBoolean() ? "k" : "k2";
    String text = world.content(link, luck);
    note("link " + link + " to " + text);
    disk.removeDir(link);
    disk.write(link, text, FileKind.LINK);
  }

  /** A dir of sources becomes a link that is a source, or is a dir again. */
  private void swapDir() {
    List<String> files = List.of("da/f0", "da/f1");
    note("swap da");
    if (world.sources.removeAll(files)) {
      disk.removeDir("da");
      disk.write("da", "db", FileKind.LINK);
      world.sources.add("da");
    } else {
      disk.remove("da");
      for (String file : files) disk.write(file, world.content(file, luck));
      world.sources.remove("da");
      world.sources.addAll(files);
    }
    server.readRules();
  }

  /** A source becomes a link, a file, or a dir. */
  private void turnSource() {
    String source = luck.nextInt(3) == 0 ? "k" : "s" + luck.nextInt(4);
    int what = luck.nextInt(3);
    note("turn " + source + " into " + what);
    disk.remove(source);
    disk.removeDir(source);
    if (what == 0) disk.write(source + "/f0", "v0");
    else disk.write(source, what == 1 ? SimWorld.pick(luck, "s0", "s1", "s2", "v0_a", "nowhere") : "v1",
        what == 1 ? FileKind.LINK : FileKind.REGULAR);
  }

  private void executable() {
    String source = "s" + luck.nextInt(4);
    SimDisk.Version version = disk.files.get(source);
    note("chmod " + source);
    if (version == null || version.link()) return;
    disk.write(source, version.content(), version.kind() == FileKind.REGULAR ? FileKind.EXECUTABLE : FileKind.REGULAR);
  }

  private void spoil() {
    List<String> products = disk.files.keySet().stream().filter(name -> !world.sources.contains(name) && !nobodys(name)).toList();
    if (products.isEmpty()) return;
    String target = products.get(luck.nextInt(products.size()));
    int how = luck.nextInt(5);
    note("spoil " + target + " by " + how);
    switch (how) {
      case 0 -> disk.remove(target);
      case 1 -> disk.write(target, "");
      case 2 -> disk.write(target, disk.read(target), FileKind.EXECUTABLE);
      case 3 -> disk.write(target, "s1", FileKind.LINK);
      default -> disk.write(target, "by hand");
    }
  }
}

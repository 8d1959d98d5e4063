package lmake.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import lmake.base.Bug;
import lmake.base.Crc;
import lmake.engine.Action.Wash;
import lmake.engine.Event.FileKind;
import lmake.graph.Accesses;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.JobResult;
import lmake.graph.JobStatus;
import lmake.graph.MemoryNames;
import lmake.graph.MemoryShelf;
import lmake.graph.TargetVector;
import lmake.rules.Rule;
import lmake.rules.RuleBook;
import lmake.rules.StaticDep;
import lmake.rules.TargetEntry;

/** Carries the actions of an engine out on a {@link SimDisk}, one small step at a time, in an order drawn from a seed. */
final class SimServer {
  final SimDisk disk;
  final Graph graph = new Graph(new MemoryNames(), new MemoryShelf());
  final Map<Integer, Action.ReqDone> done = new HashMap<>();
  final List<String> started = new ArrayList<>();
  final List<String> said = new ArrayList<>();
  private final SimProject project;
  private final Random random;
  private final double lossRate;
  private Engine engine;
  private RuleBook book;
  private final ArrayDeque<Action> looks = new ArrayDeque<>();
  private final Map<Integer, SimJob> jobs = new LinkedHashMap<>();
  private int nextReq = 1;
  private long nextAttempt = 1;

  SimServer(SimProject project, SimDisk disk, Random random, double lossRate) {
    this.project = project;
    this.disk = disk;
    this.random = random;
    this.lossRate = lossRate;
    restart();
  }

  /** A server that died is replaced: what the graph holds is what was durable, jobs that ran are cut short. */
  void restart() {
    for (SimJob job : jobs.values()) job.cut();
    jobs.clear();
    looks.clear();
    engine = new Engine(graph, nextAttempt + 1000);
    nextAttempt += 2000;
    readRules();
  }

  void readRules() {
    book = project.book();
    engine.setRules(book);
  }

  int open(List<String> targets, ReqOptions options) {
    int req = nextReq++;
    List<Integer> nodes = targets.stream().map(graph::node).toList();
    act(engine.step(new Event.ReqOpened(req, nodes, List.of(), options, disk.tick())));
    return req;
  }

  void kill(int req) {
    if (!done.containsKey(req)) act(engine.step(new Event.ReqKilled(req)));
  }

  boolean idle() {
    return looks.isEmpty() && jobs.isEmpty();
  }

  /** One small step of the outside. */
  void step() {
    Bug.check(!idle(), "nothing to do");
    if (!looks.isEmpty() && (jobs.isEmpty() || random.nextBoolean())) {
      look(looks.poll());
      return;
    }
    List<SimJob> all = new ArrayList<>(jobs.values());
    all.get(random.nextInt(all.size())).step();
  }

  void run(int req) {
    for (int steps = 0; !done.containsKey(req); steps++) {
      Bug.check(steps < 50_000, "req %d never ends", req);
      Bug.check(!idle(), "req %d waits for nothing", req);
      step();
    }
  }

  private void act(List<Action> actions) {
    for (Action action : actions) {
      if (action instanceof Action.Check || action instanceof Action.Remove) looks.add(action);
      else if (action instanceof Action.Start a) start(a);
      else if (action instanceof Action.Kill a) jobs.get(a.job()).killed = true;
      else if (action instanceof Action.ReqDone a) done.put(a.req(), a);
      else if (action instanceof Action.SayJob a) said.add(a.word() + " " + jobName(a.job()));
      else if (action instanceof Action.SayNode a) said.add(a.word() + " " + graph.name(a.node()));
      else if (!(action instanceof Action.Tidy)) throw Bug.of("unexpected %s", action);
    }
  }

  private void look(Action action) {
    if (action instanceof Action.Check check) {
      String name = graph.name(check.node());
      SimDisk.Version version = disk.files.get(name);
      long sig = disk.sig(name);
      long crc = version == null || sig == check.knownSig() ? Crc.UNKNOWN : SimDisk.crc(version.content());
      FileKind kind = version == null ? FileKind.ABSENT : FileKind.REGULAR;
      long date = version == null ? 0 : version.date();
      act(engine.step(new Event.NodeChecked(check.node(), kind, sig, crc, date, disk.tick())));
    } else if (action instanceof Action.Remove remove) {
      String name = graph.name(remove.node());
      Action.Removal how =
          disk.read(name) == null
              ? Action.Removal.ABSENT
              : disk.sig(name) == remove.knownSig() ? Action.Removal.UNLINKED : Action.Removal.QUARANTINED;
      disk.remove(name);
      act(engine.step(new Event.NodeRemoved(remove.node(), how)));
    }
  }

  private void start(Action.Start start) {
    Bug.check(!jobs.containsKey(start.job()), "job %d overlaps itself", start.job());
    started.add(jobName(start.job()) + " : " + start.why().kind());
    for (Wash wash : start.washes()) {
      String name = graph.name(wash.node());
      Bug.check(!book.manifest().isSource(name), "source %s is washed", name);
      boolean goes = wash.kind() == Action.WashKind.WASH || wash.kind() == Action.WashKind.UNLINK;
      if (goes) disk.remove(name);
    }
    jobs.put(start.job(), new SimJob(start.job(), start.attempt()));
  }

  private String jobName(int job) {
    Rule rule = book.rule(graph.rule(job)).orElse(null);
    return rule == null ? "gone" : rule.name() + " " + String.join(",", graph.stems(job));
  }

  /** A job on its way: reads one file a step, writes at the end. */
  private final class SimJob {
    private final int job;
    private final long attempt;
    private final Rule rule;
    private final String[] stems;
    private final Map<String, SimDisk.Version> seen = new LinkedHashMap<>();
    private boolean killed;

    SimJob(int job, long attempt) {
      this.job = job;
      this.attempt = attempt;
      this.rule = book.rule(graph.rule(job)).orElseThrow();
      this.stems = graph.stems(job);
    }

    /** Thrown to stop a recipe at the first file that was not read yet. */
    private static final class NotRead extends RuntimeException {
      private static final long serialVersionUID = 1;
      private final String name;

      NotRead(String name) {
        super(name, null, false, false);
        this.name = name;
      }
    }

    void step() {
      if (killed && random.nextInt(4) > 0) {
        cut();
        end(JobStatus.KILLED, DepVector.EMPTY, TargetVector.EMPTY);
      } else if (random.nextDouble() < lossRate) {
        cut();
        end(JobStatus.LOST, DepVector.EMPTY, TargetVector.EMPTY);
      } else {
        try {
          finish(project.recipe(rule.name(), stems.length == 0 ? "" : stems[0], this::read));
        } catch (NotRead missing) {
          seen.put(missing.name, disk.files.get(missing.name.replace("?", "")));
        }
      }
    }

    private String read(String name) {
      if (!seen.containsKey(name)) throw new NotRead(name);
      SimDisk.Version version = seen.get(name);
      return version == null ? null : version.content();
    }

    /** Leaves a torn target behind, as a job that dies may. */
    void cut() {
      if (random.nextBoolean()) disk.write(staticTargets().get(0), "torn");
    }

    private void finish(Map<String, String> files) {
      boolean preexisting = false;
      List<int[]> targets = new ArrayList<>();
      List<long[]> contents = new ArrayList<>();
      Map<String, String> written = files == null ? Map.of() : files;
      for (Map.Entry<String, String> file : written.entrySet()) {
        preexisting |= disk.read(file.getKey()) != null;
        disk.write(file.getKey(), file.getValue());
        add(targets, contents, file.getKey());
      }
      Set<String> names = new HashSet<>(written.keySet());
      for (String name : staticTargets()) if (names.add(name)) add(targets, contents, name);
      JobStatus status = files == null ? JobStatus.JOB_ERROR : preexisting ? JobStatus.BAD_TARGET : JobStatus.OK;
      end(status, deps(), vector(targets, contents));
    }

    private List<String> staticTargets() {
      return rule.targets().stream().filter(entry -> !entry.star()).map(entry -> entry.name(stems)).toList();
    }

    private void add(List<int[]> targets, List<long[]> contents, String name) {
      int flags = rule.targetFor(stems, name).map(TargetEntry::flags).orElse(0);
      targets.add(new int[] {graph.node(name), flags});
      contents.add(new long[] {SimDisk.crc(disk.read(name)), disk.sig(name)});
    }

    private TargetVector vector(List<int[]> targets, List<long[]> contents) {
      return new TargetVector(
          targets.stream().mapToInt(t -> t[0]).toArray(),
          targets.stream().mapToInt(t -> t[1]).toArray(),
          contents.stream().mapToLong(c -> c[0]).toArray(),
          contents.stream().mapToLong(c -> c[1]).toArray());
    }

    private DepVector deps() {
      DepVector.Builder deps = new DepVector.Builder();
      Set<String> listed = new HashSet<>();
      for (StaticDep dep : rule.staticDeps(stems).orElseThrow()) {
        if (listed.add(dep.name())) add(deps, dep.name(), dep.flags() | DepFlags.STATIC | DepFlags.REQUIRED);
      }
      for (String name : seen.keySet()) {
        // A file that is both probed and read is one dep, of its first value; as the agent merges them.
        boolean probe = name.endsWith("?");
        String file = name.replace("?", "");
        if (probe && seen.containsKey(file) || !listed.add(file)) continue;
        if (probe) addProbe(deps, file, seen.get(name) != null);
        else add(deps, file, 0);
      }
      return deps.build();
    }

    private void addProbe(DepVector.Builder deps, String name, boolean there) {
      long value = there ? Crc.UNKNOWN_REGULAR : Crc.NONE;
      deps.add(graph.node(name), Accesses.T, DepFlags.FULL, false, 0, value);
    }

    private void add(DepVector.Builder deps, String name, int flags) {
      SimDisk.Version version = seen.get(name);
      int marks = version == null ? 0 : DepVector.SIG;
      long value = version == null ? Crc.NONE : version.sig();
      int kinds = seen.containsKey(name) ? Accesses.L | Accesses.R | Accesses.T : 0; // a static dep may go unread
      deps.add(graph.node(name), kinds, flags | DepFlags.FULL, false, marks, value);
    }

    private void end(JobStatus status, DepVector deps, TargetVector targets) {
      jobs.remove(job);
      JobResult result = new JobResult(status, deps, targets, List.of(), false, 1, List.of());
      act(engine.step(new Event.JobEnded(job, attempt, result)));
    }
  }
}

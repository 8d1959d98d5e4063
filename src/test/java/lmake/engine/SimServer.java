package lmake.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import lmake.backend.Demand;
import lmake.backend.LocalBackend;
import lmake.backend.Slot;
import lmake.base.Bug;
import lmake.base.Crc;
import lmake.engine.Action.Wash;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.JobResult;
import lmake.graph.JobStatus;
import lmake.graph.MemoryNames;
import lmake.graph.MemoryShelf;
import lmake.graph.TargetVector;
import lmake.rules.EarlyError;
import lmake.rules.Evaluation;
import lmake.rules.Rule;
import lmake.rules.RuleBook;
import lmake.wire.JobEnd;

/**
 * Carries the actions of an engine out on a {@link SimDisk}, one small step at a time, in an order drawn from a seed: what the
 * server, its backend, its disk thread and its agent do. What must hold at each step is checked here.
 */
final class SimServer {
  /** Told of what happens to jobs. */
  interface Watcher {
    default void starts(Action.Start start, String name) {}

    default void ended(SimJob job, JobResult result) {}
  }

  /** Who goes first: the least. Nothing that is made may depend on it. */
  interface Place {
    long of(Engine engine, Action.Start start);
  }

  /** Commands limit nothing here but by the resources of their jobs. */
  private static final LocalBackend.Permit ALL =
      new LocalBackend.Permit() {
        @Override
        public boolean any() {
          return true;
        }

        @Override
        public boolean may(Demand demand) {
          return true;
        }

        @Override
        public void granted(Demand demand) {}
      };

  final SimDisk disk;
  Graph graph = new Graph(new MemoryNames(), new MemoryShelf());
  Runnable commit = () -> {}; // makes what changed in the graph durable, before anything is done of what was asked
  final Map<Integer, Action.ReqDone> done = new HashMap<>();
  final List<String> started = new ArrayList<>();
  final List<String> said = new ArrayList<>();
  Place place = (engine, start) -> 0;
  Watcher watcher = new Watcher() {};
  double lossRate;
  long nextAsk = 1;
  RuleBook book;
  final List<String> quarantined = new ArrayList<>();
  private final SimProject project;
  private final Random random;
  private Engine engine;
  private LocalBackend backend = new LocalBackend();
  private final ArrayDeque<Action> looks = new ArrayDeque<>();
  private final ArrayDeque<Event> posted = new ArrayDeque<>();
  private final Map<Long, Action.Start> orders = new LinkedHashMap<>(); // not ended
  private final Map<Integer, SimJob> jobs = new LinkedHashMap<>();
  private final List<Event.JobEnded> ghosts = new ArrayList<>(); // ends nobody waits for any more
  private boolean acting;
  private int nextReq = 1;
  private long nextAttempt = 1;
  private long lastAttempt;

  SimServer(SimProject project, SimDisk disk, Random random, double lossRate) {
    this.project = project;
    this.disk = disk;
    this.random = random;
    this.lossRate = lossRate;
    restart();
  }

  /** The machine stops and starts again: what the graph now holds is what the store gives back. */
  void boot(Graph stored) {
    jobs.clear();
    ghosts.clear();
    graph = stored;
    restart();
  }

  /** A server that died is replaced: what the graph holds is what was durable, jobs that ran are cut short. */
  void restart() {
    for (SimJob job : jobs.values()) job.tear(random);
    jobs.clear();
    orders.clear();
    looks.clear();
    posted.clear();
    backend = new LocalBackend();
    engine = new Engine(graph, nextAttempt + 1000);
    engine.orphansUntil(disk.tick());
    nextAttempt += 2000;
    readRules();
  }

  void readRules() {
    List<String> frozen = java.util.Arrays.stream(graph.marked(Graph.FROZEN)).mapToObj(graph::name).toList();
    book = project.book().freezing(frozen);
    engine.setRules(book);
    List<Demand> hopeless = backend.setCapacities(book.config().localCapacities());
    Bug.check(hopeless.isEmpty(), "rules are read while jobs wait");
  }

  /** Number of the command opened last. */
  int lastReq() {
    return nextReq - 1;
  }

  int open(List<String> targets, ReqOptions options) {
    int req = nextReq++;
    List<Integer> nodes = targets.stream().map(graph::node).toList();
    tell(new Event.ReqOpened(req, nodes, List.of(), options, disk.tick()));
    return req;
  }

  void kill(int req) {
    if (!done.containsKey(req)) tell(new Event.ReqKilled(req));
  }

  boolean idle() {
    return looks.isEmpty() && orders.isEmpty();
  }

  boolean busy() {
    return engine.busy();
  }

  /** One small step of the outside. */
  void step() {
    Bug.check(!idle(), "nothing to do");
    if (!ghosts.isEmpty() && random.nextInt(8) == 0) tell(ghosts.remove(random.nextInt(ghosts.size())));
    List<SimJob> able = new ArrayList<>(jobs.size());
    for (SimJob job : jobs.values()) if (!job.waits()) able.add(job);
    if (!looks.isEmpty() && (able.isEmpty() || random.nextBoolean())) {
      look(looks.poll());
      return;
    }
    Bug.check(!able.isEmpty(), "all that runs waits for answers");
    step(able.get(random.nextInt(able.size())));
  }

  void run(int req) {
    for (int steps = 0; !done.containsKey(req); steps++) {
      Bug.check(steps < 50_000, "req %d never ends", req);
      Bug.check(!idle(), "req %d waits for nothing", req);
      step();
    }
  }

  /** The engine hears of it, now or when it has said all it had to say. */
  private void tell(Event event) {
    posted.add(event);
    if (acting) return;
    acting = true;
    for (Event next = posted.poll(); next != null; next = posted.poll()) {
      List<Action> actions = engine.step(next);
      commit.run();
      for (Action action : actions) act(action);
      launch();
    }
    acting = false;
  }

  private void act(Action action) {
    if (action instanceof Action.Check || action instanceof Action.Remove) looks.add(action);
    else if (action instanceof Action.Start a) order(a);
    else if (action instanceof Action.Kill a) kill(a);
    else if (action instanceof Action.Answer a) answer(a);
    else if (action instanceof Action.ReqDone a) Bug.check(done.put(a.req(), a) == null, "req %d ends twice", a.req());
    else if (action instanceof Action.SayJob a) say(a.word() + (sure(a) ? " " : "? ") + jobName(a.job()), a.req());
    else if (action instanceof Action.SayNode a) say(a.word() + " " + graph.name(a.node()), a.req());
    // A dir is there when something is below it: the disk knows no empty ones.
    else if (!(action instanceof Action.Tidy)) throw Bug.of("unexpected %s", action);
  }

  private void say(String line, int req) {
    Bug.check(!done.containsKey(req), "%s is said after the end of req %d", line, req);
    said.add(line);
  }

  private void kill(Action.Kill order) {
    SimJob job = jobs.get(order.job());
    if (job != null && job.attempt == order.attempt()) {
      job.killed = true;
      job.checking |= order.checkDeps();
    } else if (backend.cancel(order.attempt())) {
      orders.remove(order.attempt());
      posted.add(new Event.JobEnded(order.job(), order.attempt(), nothing(JobStatus.KILLED)));
    }
  }

  private void answer(Action.Answer answer) {
    SimJob job = jobs.get(answer.job());
    if (job == null || job.attempt != answer.attempt()) return;
    job.answered(answer);
    // Several questions may be open: answers to others do not make it go on.
    if (!job.paused || job.asks()) return;
    job.paused = false;
    backend.resume(answer.attempt());
  }

  /** A job asks; while it waits for deps to be made, others may use its resources. */
  void ask(SimJob job, Event.JobAsks ask, boolean pause) {
    job.paused |= pause;
    if (pause) backend.pause(job.attempt);
    tell(ask);
  }

  private static boolean sure(Action.SayJob line) {
    return line.need() == Action.Need.CERTAIN;
  }

  private void look(Action action) {
    if (action instanceof Action.Check check) {
      String name = graph.name(check.node());
      Event.FileKind kind = disk.kind(name);
      SimDisk.Version version = kind.file() ? disk.files.get(name) : null;
      long sig = version == null ? 0 : version.sig();
      long crc = version == null || sig == check.knownSig() ? Crc.UNKNOWN : disk.crc(version);
      long date = version == null ? 0 : version.date();
      tell(new Event.NodeChecked(check.node(), kind, sig, crc, date, disk.tick()));
    } else if (action instanceof Action.Remove remove) {
      String name = graph.name(remove.node());
      Bug.check(!book.manifest().isSource(name), "source %s is removed", name);
      Action.Removal how =
          disk.read(name) == null
              ? Action.Removal.ABSENT
              : disk.sig(name) == remove.knownSig() ? Action.Removal.UNLINKED : Action.Removal.QUARANTINED;
      disk.remove(name);
      tell(new Event.NodeRemoved(remove.node(), how));
    }
  }

  private void order(Action.Start start) {
    String name = jobName(start.job());
    for (Action.Start other : orders.values()) Bug.check(other.job() != start.job(), "%s overlaps itself", name);
    Bug.check(start.attempt() > lastAttempt, "attempt %d after %d", start.attempt(), lastAttempt);
    lastAttempt = start.attempt();
    started.add(name + " : " + start.why().kind());
    watcher.starts(start, name);
    orders.put(start.attempt(), start);
    Map<String, Long> amounts = amounts(start.job());
    if (backend.canRun(amounts)) {
      backend.submit(new Demand(start.job(), start.attempt(), amounts), place.of(engine, start));
    } else {
      orders.remove(start.attempt());
      posted.add(new Event.JobEnded(start.job(), start.attempt(), nothing(JobStatus.EARLY_ERROR)));
    }
  }

  private Map<String, Long> amounts(int job) {
    if (book.config().localCapacities().isEmpty()) return Map.of();
    try {
      return book.rule(graph.rule(job)).orElseThrow().resources(graph.stems(job), new Evaluation()).amounts();
    } catch (EarlyError e) {
      throw Bug.of("%s", e.lines());
    }
  }

  private void launch() {
    for (Slot slot : backend.launch(ALL)) {
      Action.Start start = orders.get(slot.attempt());
      for (Wash wash : start.washes()) wash(wash);
      jobs.put(start.job(), new SimJob(this, project, book, start.job(), start.attempt()));
      posted.add(new Event.JobStarted(start.job(), start.attempt(), 0));
      checkCapacities(amounts(start.job()));
    }
  }

  private void wash(Wash wash) {
    String name = graph.name(wash.node());
    Bug.check(!book.manifest().isSource(name), "source %s is washed", name);
    boolean edited = disk.kind(name).file() && disk.sig(name) != wash.knownSig();
    if (edited && wash.kind() == Action.WashKind.WASH) quarantined.add(name);
    boolean goes = wash.kind() == Action.WashKind.WASH || wash.kind() == Action.WashKind.UNLINK;
    goes |= wash.kind() == Action.WashKind.UNIQUIFY && edited && disk.kind(name) == Event.FileKind.LINK;
    if (goes && disk.kind(name).file()) disk.remove(name);
  }

  /** Jobs that were paused may come back to more than there is, but none starts that does not fit. */
  private void checkCapacities(Map<String, Long> asked) {
    for (String resource : asked.keySet()) {
      long used = 0;
      for (SimJob job : jobs.values()) if (!job.paused) used += amounts(job.job).getOrDefault(resource, 0L);
      long capacity = book.config().localCapacities().get(resource);
      Bug.check(used <= capacity, "%d of %d %s are used", used, capacity, resource);
    }
  }

  String jobName(int job) {
    Rule rule = book.rule(graph.rule(job)).orElse(null);
    return rule == null ? "gone" : rule.name() + " " + String.join(",", graph.stems(job));
  }

  // --- jobs

  private void step(SimJob job) {
    if (job.killed && random.nextInt(4) > 0) {
      job.tear(random);
      end(job, job.end(job.checking ? JobEnd.Outcome.CHECK_DEPS : JobEnd.Outcome.KILLED, 0));
    } else if (random.nextDouble() < lossRate) {
      job.tear(random);
      lose(job);
    } else if (!job.waits()) {
      JobEnd end = job.act(book);
      if (end != null) end(job, end);
    }
  }

  private void lose(SimJob job) {
    if (random.nextBoolean()) {
      end(job, job.end(JobEnd.Outcome.SIGNALED, 9));
      return;
    }
    // The agent died. It could have ended just before, and the word of it come late.
    ghosts.add(new Event.JobEnded(job.job, job.attempt, job.judge(job.end(JobEnd.Outcome.EXITED, 0), book)));
    end(job, nothing(JobStatus.LOST));
  }

  private void end(SimJob job, JobEnd end) {
    end(job, job.judge(end, book));
  }

  private void end(SimJob job, JobResult result) {
    jobs.remove(job.job);
    orders.remove(job.attempt);
    backend.release(job.attempt);
    watcher.ended(job, result);
    tell(new Event.JobEnded(job.job, job.attempt, result));
  }

  private static JobResult nothing(JobStatus status) {
    return new JobResult(status, DepVector.EMPTY, TargetVector.EMPTY, List.of(), false, 0, List.of());
  }
}

package lmake.server;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import lmake.backend.Demand;
import lmake.backend.LocalBackend;
import lmake.backend.Slot;
import lmake.command.Site;
import lmake.engine.Action;
import lmake.engine.Event;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.JobResult;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;
import lmake.graph.TargetVector;
import lmake.rules.EarlyError;
import lmake.rules.Evaluation;
import lmake.rules.Manifest;
import lmake.rules.Resources;
import lmake.rules.Rule;
import lmake.rules.RuleBook;
import lmake.wire.AgentOrder;
import lmake.wire.AgentReport;

/**
 * Runs jobs: each order of the engine waits for its resources, goes to the agent, and comes back as exactly one end.
 * Engine's thread; events are posted, never stepped from here.
 */
final class Executions {
  private final Graph graph;
  private final Agent agent;
  private final Reqs reqs;
  private final StartOrders orders;
  private final Endings endings;
  private final ValueDeps values;
  private final Consumer<Event> engine;
  private final Washings washings;
  private final Schedule schedule;
  private final Consumer<Runnable> later;
  private final LocalBackend backend = new LocalBackend();
  private final Map<Long, Execution> all = new LinkedHashMap<>();
  private Optional<LaunchSite> site = Optional.empty();

  /**
   * @param engine takes events, to be handled and carried out in one batch with what comes soon after
   * @param later takes what is to be done in the course of the next batch
   */
  Executions(Graph graph, Agent agent, Reqs reqs, StartOrders orders, Endings endings, ValueDeps values, Consumer<Event> engine,
      Schedule schedule, Consumer<Runnable> later) {
    this.graph = graph;
    this.agent = agent;
    this.reqs = reqs;
    this.orders = orders;
    this.endings = endings;
    this.values = values;
    this.engine = engine;
    this.schedule = schedule;
    this.later = later;
    washings = new Washings(graph, reqs);
  }

  /** From now on jobs are of these rules. */
  void adopt(LaunchSite fresh) {
    site = Optional.of(fresh);
    for (Demand hopeless : backend.setCapacities(fresh.book().config().localCapacities())) {
      Execution one = all.remove(hopeless.attempt());
      endEarly(one, one.resources().complaints(backend.capacities()));
    }
  }

  /** Jobs that have an order and no end yet. */
  boolean any() {
    return !all.isEmpty();
  }

  void start(Action.Start order) {
    RuleBook book = site.orElseThrow().book();
    Rule rule = book.rule(graph.rule(order.job())).orElseThrow();
    String[] stems = graph.stems(order.job());
    Evaluation evaluation = new Evaluation();
    try {
      Resources resources = rule.resources(stems, evaluation);
      Execution one = new Execution(order, rule, stems, resources, evaluation, graph.deps(order.job()), wanted(order));
      Demand demand = one.demand();
      if (!values.look(one, book.manifest())) {
        endEarly(one, JobStatus.EARLY_CHK_DEPS, List.of());
      } else if (!backend.canRun(demand.amounts())) {
        endEarly(one, JobStatus.EARLY_ERROR, resources.complaints(backend.capacities()));
      } else {
        all.put(order.attempt(), one);
        one.scheduled(schedule.place(demand));
        backend.submit(demand, one.schedule().rank());
      }
    } catch (EarlyError e) {
      Resources none = new Resources(Map.of(), Map.of());
      Execution one = new Execution(order, rule, stems, none, evaluation, graph.deps(order.job()), wanted(order));
      endEarly(one, e.lines());
    }
  }

  private Execution.Wanted wanted(Action.Start order) {
    boolean itself = order.requested() == 0 || order.requested() == order.target();
    return new Execution.Wanted(
        order.target() == 0 ? "" : graph.name(order.target()), itself ? "" : graph.name(order.requested()));
  }

  /** Starts what fits; to be called when jobs were ordered or ended, or a limit was raised. */
  void launch() {
    List<Slot> slots = backend.launch(reqs.permit(backend.active()));
    for (Slot slot : slots) schedule.launched(all.get(slot.attempt()).demand(), backend);
    for (Slot slot : slots) launch(all.get(slot.attempt()), slot.smallId());
  }

  /** About every second. */
  void tick() {
    schedule.tick(backend);
  }

  /** How far a command is. */
  Site.Progress progress(int req) {
    return schedule.progress(req);
  }

  private void release(Execution one) {
    backend.release(one.attempt());
    one.ran(schedule.ended(one.demand(), backend));
  }

  void kill(Action.Kill order) {
    Execution one = all.get(order.attempt());
    // Its end may be on its way to the engine already.
    if (one == null) return;
    one.kill();
    if (one.running().isPresent()) {
      one.running().get().link().send(new AgentOrder.Kill(order.attempt(), order.checkDeps() ? 2 : 1));
    } else if (backend.cancel(order.attempt())) {
      all.remove(order.attempt());
      engine.accept(end(one.job(), one.attempt(), JobStatus.KILLED, List.of()));
    }
  }

  void answer(Action.Answer answer) {
    Execution one = all.get(answer.attempt());
    if (one == null || one.running().isEmpty()) return;
    if (one.answered(answer.ask())) backend.resume(one.attempt());
    schedule.changed(backend);
    one.running().get().link().send(new AgentOrder.Answer(answer.attempt(), answer.ask(), answer.ok(), answer.lines()));
  }

  void report(AgentReport.Started report) {
    Execution one = all.get(report.seq());
    if (one == null) return;
    one.started(report.pid(), report.autodep());
    engine.accept(new Event.JobStarted(one.job(), one.attempt(), report.date()));
    reqs.started(one.job(), report.date());
  }

  void report(AgentReport.Ask ask) {
    Execution one = all.get(ask.seq());
    if (one == null) return;
    Event.JobAsks event = Questions.event(graph, one.job(), ask);
    engine.accept(event);
    if (event.question() != Event.Question.BUILD_NOW) return;
    one.asks(ask.ask(), event.deps());
    backend.pause(one.attempt());
    schedule.changed(backend);
    launch();
  }

  void report(AgentReport.LiveOut out) {
    Execution one = all.get(out.seq());
    if (one != null) reqs.liveOut(one.job(), out.bytes());
  }

  void report(AgentReport.Ended report) {
    Execution one = all.remove(report.end().seq());
    if (one == null) return;
    release(one);
    washings.say(one.job(), report.end().washed());
    engine.accept(new Event.JobEnded(one.job(), one.attempt(), values.with(one, endings.judge(one, report.end()))));
    // What waited for it may be more urgent than what waits already: then the engine has its say first.
    if (backend.waits() && one.schedule().leadsBefore(backend.firstPlace())) later.accept(() -> later.accept(this::launch));
    else launch();
  }

  /** All that ran there is lost. */
  void died(AgentLink link, String how) {
    for (Execution one : List.copyOf(all.values())) {
      if (one.running().filter(r -> r.link() == link).isEmpty()) continue;
      all.remove(one.attempt());
      release(one);
      endings.clean(one);
      JobStatus status = one.killed() ? JobStatus.KILLED : one.pid() == 0 ? JobStatus.EARLY_LOST : JobStatus.LOST;
      engine.accept(end(one.job(), one.attempt(), status, List.of("the agent that ran the job died (" + how + ")")));
    }
    launch();
  }

  /** Jobs that run, by number, then those that wait for resources. */
  List<Integer> running() {
    return backend.running().stream().map(Demand::job).toList();
  }

  List<Integer> queued() {
    return backend.waiting().stream().map(Demand::job).toList();
  }

  private void launch(Execution one, int smallId) {
    List<String> trouble;
    try {
      AgentLink link = agent.link();
      AgentOrder.Start order = orders.make(one, smallId, link, site.orElseThrow());
      if (values.look(one, manifest())) {
        complain(one);
        link.send(order);
        return;
      }
      trouble = List.of();
    } catch (EarlyError e) {
      trouble = e.lines();
    } catch (IOException e) {
      trouble = List.of("cannot start job : " + e.getMessage());
    }
    all.remove(one.attempt());
    release(one);
    endings.clean(one);
    endEarly(one, trouble);
  }

  private Manifest manifest() {
    return site.orElseThrow().book().manifest();
  }

  /** Of what nothing depends on, the default is taken. */
  private void complain(Execution one) {
    List<String> lines = one.evaluation().complaints();
    if (lines.isEmpty()) return;
    for (int req : reqs.wanting(one.job())) {
      JobStatus status = graph.status(one.job());
      reqs.say(new Action.SayJob(req, "no_dynamic", one.job(), -1, status, RunReason.NONE, false, lines));
    }
  }

  /** A value that raised may only have done so because of a file that is to be built first. */
  private void endEarly(Execution one, List<String> trouble) {
    boolean ready = values.look(one, manifest());
    endEarly(one, ready ? JobStatus.EARLY_ERROR : JobStatus.EARLY_CHK_DEPS, ready ? trouble : List.of());
  }

  private void endEarly(Execution one, JobStatus status, List<String> lines) {
    // Deps known before are good enough for a job that was not started, unless its values look at others.
    boolean known = one.looks().isEmpty() && one.before().size() > 0;
    DepVector deps = known ? DepVector.EMPTY : values.early(one);
    JobResult result = new JobResult(status, deps, TargetVector.EMPTY, new ArrayList<>(lines), false, 0, List.of());
    if (status == JobStatus.EARLY_ERROR) endings.early(one, result);
    engine.accept(new Event.JobEnded(one.job(), one.attempt(), result));
  }

  private static Event.JobEnded end(int job, long attempt, JobStatus status, List<String> messages) {
    return new Event.JobEnded(
        job,
        attempt,
        new JobResult(status, DepVector.EMPTY, TargetVector.EMPTY, new ArrayList<>(messages), false, 0, List.of()));
  }
}

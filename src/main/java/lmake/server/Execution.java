package lmake.server;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import lmake.backend.Demand;
import lmake.engine.Action;
import lmake.graph.DepVector;
import lmake.rules.Evaluation;
import lmake.rules.Launch;
import lmake.rules.Resources;
import lmake.rules.Rule;

/** One execution of a job, from the engine's order to its end. Engine's thread. */
final class Execution {
  private final Action.Start order;
  private final Rule rule;
  private final String[] stems;
  private final Resources resources;
  private final Evaluation evaluation;
  private final DepVector before;
  private final Wanted wanted;
  private final Map<Long, DepVector> asked = new HashMap<>();
  private final Set<Integer> waited = new HashSet<>();
  private Optional<Running> running = Optional.empty();
  private List<ValueDeps.Look> looks = List.of();
  private int pid;
  private int tracer = -1;
  private double crowd = 1;
  private Schedule.Place place = Schedule.Place.LAST;
  private boolean killed;

  /**
   * What is known once it has a slot.
   *
   * @param link the agent process it runs on
   * @param script to be removed at the end
   */
  record Running(AgentLink link, Launch launch, int smallId, Optional<Path> script, List<String> statics) {}

  /**
   * Why anybody needs it.
   *
   * @param target of the job, "" when the command line names the job
   * @param requested the target of the command line all this is for, "" when it is the former
   */
  record Wanted(String target, String requested) {}

  /**
   * @param before deps of the run before
   */
  Execution(Action.Start order, Rule rule, String[] stems, Resources resources, Evaluation evaluation, DepVector before, Wanted wanted) {
    this.order = order;
    this.rule = rule;
    this.stems = stems;
    this.resources = resources;
    this.evaluation = evaluation;
    this.before = before;
    this.wanted = wanted;
  }

  int job() {
    return order.job();
  }

  long attempt() {
    return order.attempt();
  }

  Action.Start order() {
    return order;
  }

  Rule rule() {
    return rule;
  }

  String[] stems() {
    return stems;
  }

  Resources resources() {
    return resources;
  }

  /** What it asks of the backend. */
  Demand demand() {
    return new Demand(order.job(), order.attempt(), resources.amounts());
  }

  /** When it is to run. */
  Schedule.Place schedule() {
    return place;
  }

  void scheduled(Schedule.Place when) {
    place = when;
  }

  /** It ran while so many of its size ran, itself included, on average. */
  void ran(double crowd) {
    this.crowd = crowd;
  }

  double crowd() {
    return crowd;
  }

  /** What its values look at. */
  Evaluation evaluation() {
    return evaluation;
  }

  /** The same, as it stood on disk. */
  List<ValueDeps.Look> looks() {
    return looks;
  }

  void looked(List<ValueDeps.Look> all) {
    looks = List.copyOf(all);
  }

  /** Empty while it waits for a slot. */
  Optional<Running> running() {
    return running;
  }

  void run(Running now) {
    running = Optional.of(now);
  }

  int pid() {
    return pid;
  }

  /** Number of the method that watches it, -1 when it has not started. */
  int tracer() {
    return tracer;
  }

  void started(int processId, int method) {
    pid = processId;
    tracer = method;
  }

  DepVector before() {
    return before;
  }

  Wanted wanted() {
    return wanted;
  }

  /** It asked for these deps, and waits. */
  void asks(long ask, DepVector deps) {
    asked.put(ask, deps);
  }

  /** True when it waits for nothing more. */
  boolean answered(long ask) {
    DepVector deps = asked.remove(ask);
    for (int i = 0; deps != null && i < deps.size(); i++) waited.add(deps.node(i));
    return asked.isEmpty();
  }

  /** Deps that were built before it went on: nobody writes them while it reads. */
  Set<Integer> waited() {
    return waited;
  }

  /** Whether the engine asked for its end, whatever comes of it. */
  boolean killed() {
    return killed;
  }

  void kill() {
    killed = true;
  }
}

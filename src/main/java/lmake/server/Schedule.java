package lmake.server;

import java.util.HashMap;
import java.util.Map;
import lmake.backend.Demand;
import lmake.backend.LocalBackend;
import lmake.command.Site.Progress;
import lmake.engine.Engine;

/**
 * What time has to say: which job goes first, and when each command will be done. Nothing that is made depends on it. Dates
 * are nanoseconds since the epoch. Engine's thread only.
 *
 * <p>The place of a job is a date: that at which its command would end if it had the machine for itself since it began, less the
 * pressure of the job. So jobs of one command go by longest remaining path, commands by which is nearest to its end, and none
 * waits for ever: who comes later begins later.
 */
final class Schedule {
  private static final long MS = 1_000_000L;
  private static final long TIE_NS = 100 * MS; // less is how times of one job differ by themselves: the order of arrival decides

  /** Nanoseconds: what takes longer need not be told apart. Added to any date of today, it is still one. */
  private static final long FOR_EVER = 3_000_000_000_000_000_000L;

  /** Looking at all that waits may take one part in so many of the time. */
  private static final int THRIFT = 50;

  /** A new estimate is told when it differs by one part in so many of what was left. */
  private static final int COARSE = 10;

  private final Engine engine;
  private final Reqs reqs;
  private final Map<Integer, Plan> plans = new HashMap<>(); // by command
  private final Map<Integer, Begun> begun = new HashMap<>(); // by job
  private final Load load = new Load();
  private long nextLook;

  /** What is thought of a command; cost in nanoseconds. */
  private static final class Plan {
    private long cost;
    private long eta;
  }

  /**
   * The place of a job in the queue, by a command that wants it.
   *
   * @param eta when the command is thought to be over
   * @param ownNs what the job is thought to last
   * @param pressureNs of the job
   * @param rank the least goes first
   */
  record Place(long eta, long ownNs, long pressureNs, long rank) {
    /** Nobody wants it any more. */
    static final Place LAST = new Place(0, 0, 0, Long.MAX_VALUE);

    /** True when a job that waits for this one, once it may run, goes before all that have no better rank. */
    boolean leadsBefore(long other) {
      return pressureNs > ownNs && rank + ownNs < other;
    }
  }

  private record Begun(long date, double area) {}

  /** Tokens of what runs, over time. */
  private static final class Load {
    private long since;
    private long tokens;
    private double area; // tokens * nanoseconds
    private double busy; // nanoseconds with anything running

    void set(long now, long fresh) {
      long lasted = Math.max(0, now - since);
      area += (double) tokens * lasted;
      if (tokens > 0) busy += lasted;
      tokens = fresh;
      since = now;
    }

    /** Of late, at least one. */
    double mean(long now) {
      set(now, tokens);
      return busy < 100 * MS ? Math.max(1, tokens) : Math.max(1, area / busy);
    }

    /** Nothing runs: what comes may be of another kind. */
    void forget() {
      area = busy = 0;
    }
  }

  Schedule(Engine engine, Reqs reqs) {
    this.engine = engine;
    this.reqs = reqs;
  }

  /** The best place that those who want a job give it. */
  Place place(Demand demand) {
    engine.weigh(demand.job(), demand.tokens());
    Place place = Place.LAST;
    for (int req : reqs.wanting(demand.job())) {
      Plan plan = plans.get(req);
      if (plan == null) plan = look(req, Dates.now());
      long left = reqs.expectedNs(req) > 0 ? reqs.expectedNs(req) : plan.cost;
      long pressure = engine.pressureMs(req, demand.job()) * MS;
      long rank = reqs.since(req) + left - (pressure - pressure % TIE_NS);
      if (rank < place.rank) place = new Place(plan.eta, engine.expectedMs(demand.job()) * MS, pressure, rank);
    }
    return place;
  }

  void launched(Demand demand, LocalBackend backend) {
    long now = Dates.now();
    if (begun.isEmpty()) load.forget();
    load.set(now, backend.tokens());
    begun.put(demand.job(), new Begun(now, load.area));
  }

  /** What runs has changed. */
  void changed(LocalBackend backend) {
    load.set(Dates.now(), backend.tokens());
  }

  /**
   * A job that was launched is over, and the backend knows.
   *
   * @return mean number of jobs of its size that ran meanwhile, itself included
   */
  double ended(Demand demand, LocalBackend backend) {
    long now = Dates.now();
    load.set(now, backend.tokens());
    Begun one = begun.remove(demand.job());
    if (one == null || now <= one.date) return 1;
    return Math.max(1, (load.area - one.area) / (now - one.date) / demand.tokens());
  }

  /** Gives those that wait the places they have by now. To be called about every second. */
  void tick(LocalBackend backend) {
    plans.keySet().removeIf(req -> !reqs.open(req));
    if (!backend.waits() || System.nanoTime() < nextLook) return;
    long start = System.nanoTime();
    engine.renewPressures();
    plans.keySet().forEach(req -> look(req, Dates.now()));
    backend.reorder(demand -> place(demand).rank);
    nextLook = System.nanoTime() + THRIFT * (System.nanoTime() - start);
  }

  /** How far a command is. */
  Progress progress(int req) {
    long now = Dates.now();
    if (!reqs.open(req)) return new Progress(0, 0, 0, now);
    int[] counts = new int[3];
    engine.forEachLeft(req, (job, ordered, ms, tokens) -> counts[!ordered ? 2 : begun.containsKey(job) ? 0 : 1]++);
    return new Progress(counts[0], counts[1], counts[2], Math.max(now, look(req, now).eta));
  }

  private Plan look(int req, long now) {
    Plan plan = plans.computeIfAbsent(req, number -> new Plan());
    double mean = load.mean(now);
    double[] cost = {0};
    engine.forEachLeft(req, (job, ordered, ms, tokens) -> {
      Begun run = begun.get(job);
      double left = run == null ? ms * MS : Math.max(0, ms * MS - (now - run.date));
      cost[0] += left * Math.min(1, Math.max(1, tokens) / mean);
    });
    plan.cost = (long) Math.min(FOR_EVER, cost[0]);
    long eta = now + plan.cost;
    if (reqs.expectedNs(req) > 0) plan.eta = reqs.since(req) + reqs.expectedNs(req);
    else if (Math.abs(eta - plan.eta) >= plan.cost / COARSE) plan.eta = eta;
    return plan;
  }
}

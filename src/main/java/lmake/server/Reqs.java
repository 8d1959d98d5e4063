package lmake.server;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import lmake.backend.Demand;
import lmake.backend.LocalBackend;
import lmake.command.Session;
import lmake.command.Site.Pace;
import lmake.command.Site.ReqListener;
import lmake.engine.Action;
import lmake.engine.Event;
import lmake.engine.ReqOptions;

/** The commands that build: who asked, and who is told. Engine's thread. */
final class Reqs {
  private record Open(Session session, Pace pace, long since, boolean sourceOk, ReqListener listener) {}

  private final Consumer<Event> engine;
  private final BiPredicate<Integer, Integer> wants;
  private final LongSupplier fileClock;
  private final Map<Integer, Open> open = new LinkedHashMap<>();

  /** Clients that typed ^C; one that was reading makefiles then has no req yet. */
  private final Set<Session> interrupted = Collections.newSetFromMap(new WeakHashMap<>());

  /** What every command that builds must be told of this host, "" when all is well. */
  private String warning = "";

  private int last;

  /**
   * @param engine takes events, later: not from within the caller's turn
   * @param wants whether a run going on of a job is for a req
   * @param fileClock gives the date a file would get that is made now, which may not be that of this host
   */
  Reqs(Consumer<Event> engine, BiPredicate<Integer, Integer> wants, LongSupplier fileClock) {
    this.engine = engine;
    this.wants = wants;
    this.fileClock = fileClock;
  }

  int open(
      Session session,
      List<Integer> targets,
      List<Integer> jobs,
      ReqOptions options,
      Pace pace,
      ReqListener listener) {
    int req = ++last;
    long now = Dates.now();
    open.put(req, new Open(session, pace, now, options.sourceOk(), listener));
    if (!warning.isEmpty()) listener.warn(warning);
    engine.accept(new Event.ReqOpened(req, targets, jobs, options, fileClock.getAsLong()));
    if (interrupted.contains(session)) interrupt(session);
    return req;
  }

  boolean open(int req) {
    return open.containsKey(req);
  }

  /** When an open command began, nanoseconds since the epoch. */
  long since(int req) {
    return open.get(req).since;
  }

  /** How long an open command is said to take, 0 when nobody said. */
  long expectedNs(int req) {
    return open.get(req).pace.expectedNs();
  }

  boolean any() {
    return !open.isEmpty();
  }

  /**
   * Who may start jobs. The limit of a req ({@code -j}) is on the jobs that run for it; one that runs for several counts for each,
   * and may start as soon as it may for one of them.
   *
   * @param running jobs that run now
   */
  LocalBackend.Permit permit(List<Demand> running) {
    Map<Integer, Integer> left = new HashMap<>();
    open.forEach((req, one) -> left.put(req, one.pace.jobLimit() == 0 ? Integer.MAX_VALUE : one.pace.jobLimit()));
    boolean limited = open.values().stream().anyMatch(one -> one.pace.jobLimit() != 0);
    if (limited) for (Demand demand : running) count(left, demand);
    return new LocalBackend.Permit() {
      @Override
      public boolean any() {
        // With no req left, what was ordered before the last one ended is on its way to be killed.
        return !limited || left.values().stream().anyMatch(room -> room > 0);
      }

      @Override
      public boolean may(Demand demand) {
        if (!limited) return true;
        List<Integer> reqs = wanting(demand.job());
        return reqs.isEmpty() || reqs.stream().anyMatch(req -> left.get(req) > 0);
      }

      @Override
      public void granted(Demand demand) {
        if (limited) count(left, demand);
      }
    };
  }

  private void count(Map<Integer, Integer> left, Demand demand) {
    for (int req : wanting(demand.job())) left.computeIfPresent(req, (r, n) -> n == Integer.MAX_VALUE ? n : n - 1);
  }

  /** Whether some command for which this job runs lets it overwrite sources. */
  boolean sourceOk(int job) {
    return wanting(job).stream().anyMatch(req -> open.get(req).sourceOk());
  }

  /** ^C in this client. */
  void interrupt(Session session) {
    interrupted.add(session);
    for (int req : of(session)) {
      open.get(req).listener.interrupted();
      engine.accept(new Event.ReqKilled(req));
    }
  }

  /** This client is gone; its reqs end as soon as their jobs are killed. */
  void lost(Session session) {
    for (int req : of(session)) engine.accept(new Event.ReqKilled(req));
  }

  /** To all that build, now and later. The same text is said once to each. */
  void warn(String text) {
    if (text.equals(warning)) return;
    warning = text;
    for (Open one : List.copyOf(open.values())) one.listener.warn(text);
  }

  void say(Action.SayJob line) {
    Open one = open.get(line.req());
    if (one != null) one.listener.say(line);
  }

  void say(Action.SayNode line) {
    Open one = open.get(line.req());
    if (one != null) one.listener.say(line);
  }

  /** Reqs for which this run of a job goes on. */
  List<Integer> wanting(int job) {
    return open.keySet().stream().filter(req -> wants.test(req, job)).toList();
  }

  void done(Action.ReqDone end) {
    Open one = open.remove(end.req());
    if (one != null) one.listener.done(end);
  }

  /** Which reqs a job runs for is for the listeners to know. */
  void started(int job, long date) {
    for (Open one : List.copyOf(open.values())) one.listener.started(job, date);
  }

  void liveOut(int job, byte[] bytes) {
    for (Open one : List.copyOf(open.values())) one.listener.liveOut(job, bytes);
  }

  void tick(long now) {
    for (Open one : List.copyOf(open.values())) one.listener.tick(now);
  }

  /** When some command next has something to say that only time brings, nanoseconds since the epoch. */
  long due() {
    long due = Long.MAX_VALUE;
    for (Open one : open.values()) due = Math.min(due, one.listener.due());
    return due;
  }

  /** That date has come. */
  void remind(long now) {
    for (Open one : List.copyOf(open.values())) one.listener.remind(now);
  }

  private List<Integer> of(Session session) {
    List<Integer> reqs = new ArrayList<>();
    open.forEach((req, one) -> {
      if (one.session == session) reqs.add(req);
    });
    return reqs;
  }
}

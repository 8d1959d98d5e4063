package lmake.backend;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToLongFunction;
import lmake.base.Bug;

/**
 * Resources of this host: the sum of what running jobs asked for never exceeds the capacities. Each job waits with a number
 * that tells its place, the least first, then in order of arrival. A job that does not fit keeps what is free of each resource
 * it asks for, so that those behind it may only use what it has no use for: it can be overtaken, but never delayed, by smaller
 * ones. Engine's thread only.
 */
public final class LocalBackend {
  /** Amounts are told apart by that many bits: few queues, and a job is taken for an eighth larger at most. */
  private static final int BITS = 4;

  private record Waiting(long place, long rank, Demand demand) implements Comparable<Waiting> {
    @Override
    public int compareTo(Waiting other) {
      return place != other.place ? Long.compare(place, other.place) : Long.compare(rank, other.rank);
    }
  }

  private record Running(Demand demand, int smallId) {}

  private final Map<String, Long> capacities = new TreeMap<>();
  private final Map<String, Long> used = new HashMap<>();

  /** Jobs that ask for about the same wait in one queue: when its first does not fit, the others are not tried. In order of creation. */
  private final Map<Map<String, Long>, NavigableSet<Waiting>> queues = new LinkedHashMap<>();

  private final Map<Long, Waiting> waiting = new HashMap<>();
  private final Map<Long, Running> running = new LinkedHashMap<>();
  private final Set<Long> paused = new HashSet<>();
  private final BitSet smallIds = new BitSet();
  private long lastRank;
  private long tokens;

  /**
   * Takes the capacities of the config; what runs goes on.
   *
   * @return the jobs that waited and can now never run; they are forgotten
   */
  public List<Demand> setCapacities(Map<String, Long> amounts) {
    capacities.clear();
    capacities.putAll(amounts);
    List<Demand> hopeless = waiting().stream().filter(one -> !canRun(one.amounts())).toList();
    hopeless.forEach(one -> cancel(one.attempt()));
    return hopeless;
  }

  /** Whether a job that asks for this could ever run here. */
  public boolean canRun(Map<String, Long> amounts) {
    return amounts.entrySet().stream().allMatch(e -> e.getValue() <= capacities.getOrDefault(e.getKey(), 0L));
  }

  public Map<String, Long> capacities() {
    return Collections.unmodifiableMap(capacities);
  }

  /**
   * Queues a job that nothing speaks against ({@link #canRun}).
   *
   * @param place the least goes first
   */
  public void submit(Demand demand, long place) {
    Bug.check(canRun(demand.amounts()), "attempt %d can never run", demand.attempt());
    Bug.check(!knows(demand.attempt()), "attempt %d was submitted already", demand.attempt());
    queue(new Waiting(place, ++lastRank, demand));
  }

  private void queue(Waiting one) {
    queues.computeIfAbsent(rounded(one.demand.amounts()), key -> new TreeSet<>()).add(one);
    waiting.put(one.demand.attempt(), one);
  }

  /** Gives all that wait a new place. */
  public void reorder(ToLongFunction<Demand> place) {
    List<Waiting> all = List.copyOf(waiting.values());
    queues.clear();
    waiting.clear();
    for (Waiting one : all) queue(new Waiting(place.applyAsLong(one.demand), one.rank, one.demand));
  }

  /** The queue for these amounts: upwards, to {@link #BITS} significant bits. What is reserved is the exact amount. */
  private static Map<String, Long> rounded(Map<String, Long> amounts) {
    if (amounts.values().stream().allMatch(amount -> amount >> BITS == 0)) return amounts;
    Map<String, Long> about = new TreeMap<>();
    amounts.forEach((name, amount) -> {
      int shift = Math.max(0, Long.SIZE - BITS - Long.numberOfLeadingZeros(amount));
      about.put(name, amount + (1L << shift) - 1 >> shift << shift);
    });
    return about;
  }

  /** Says for whom jobs may start, apart from resources. Once a job may not start in one call of {@link #launch}, it never may. */
  public interface Permit {
    /** False when nothing at all may start. */
    boolean any();

    boolean may(Demand demand);

    /** The job starts. */
    void granted(Demand demand);
  }

  /** The jobs that may start now, which from now on count as running. */
  public List<Slot> launch(Permit permit) {
    if (waiting.isEmpty() || !permit.any()) return List.of();
    List<Slot> slots = new ArrayList<>();
    Map<String, Long> free = free();
    Map<NavigableSet<Waiting>, Waiting> firsts = new IdentityHashMap<>();
    for (NavigableSet<Waiting> queue : queues.values()) findFirst(queue, permit, firsts);
    while (!firsts.isEmpty()) {
      Waiting first = Collections.min(firsts.values());
      Map<String, Long> wanted = first.demand.amounts();
      Map<String, Long> about = rounded(wanted);
      NavigableSet<Waiting> queue = queues.get(about);
      boolean fits = wanted.entrySet().stream().allMatch(e -> e.getValue() <= free.getOrDefault(e.getKey(), 0L));
      // What does not fit is set aside all the same, as far as it goes: nobody behind may take it.
      wanted.forEach((name, amount) -> free.computeIfPresent(name, (n, left) -> Math.max(0, left - amount)));
      firsts.remove(queue);
      if (!fits) continue;
      queue.remove(first);
      slots.add(run(first.demand));
      permit.granted(first.demand);
      if (!permit.any()) firsts.clear();
      else {
        firsts.entrySet().removeIf(other -> !permit.may(other.getValue().demand) && !again(other, permit));
        findFirst(queue, permit, firsts);
      }
      if (queue.isEmpty()) queues.remove(about);
    }
    return slots;
  }

  /** The first of a queue that may start; nearly always the first of all. */
  private static void findFirst(NavigableSet<Waiting> queue, Permit permit, Map<NavigableSet<Waiting>, Waiting> firsts) {
    for (Waiting one : queue) {
      if (!permit.may(one.demand)) continue;
      firsts.put(queue, one);
      return;
    }
  }

  /** Another one of the queue, now that its first may not start any more; false when there is none. */
  private static boolean again(Map.Entry<NavigableSet<Waiting>, Waiting> first, Permit permit) {
    for (Waiting one : first.getKey()) {
      if (!permit.may(one.demand)) continue;
      first.setValue(one);
      return true;
    }
    return false;
  }

  /** Drops a job that waits; false when it does not, or no more. */
  public boolean cancel(long attempt) {
    Waiting one = waiting.remove(attempt);
    if (one == null) return false;
    Map<String, Long> about = rounded(one.demand.amounts());
    NavigableSet<Waiting> queue = queues.get(about);
    queue.remove(one);
    if (queue.isEmpty()) queues.remove(about);
    return true;
  }

  /** A running job is over. */
  public void release(long attempt) {
    Running end = running.remove(attempt);
    Bug.check(end != null, "attempt %d ended but does not run", attempt);
    smallIds.clear(end.smallId);
    if (!paused.remove(attempt)) use(end.demand, -1);
  }

  /** A running job waits for others to be made: they may need what it holds, so until it goes on it counts for nothing. */
  public void pause(long attempt) {
    Running one = running.get(attempt);
    if (one != null && paused.add(attempt)) use(one.demand, -1);
  }

  /** It goes on, whatever is free. */
  public void resume(long attempt) {
    if (paused.remove(attempt)) use(running.get(attempt).demand, 1);
  }

  /** Executions that run and wait for no other. */
  public List<Demand> active() {
    return running.values().stream().map(Running::demand).filter(one -> !paused.contains(one.attempt())).toList();
  }

  private void use(Demand demand, int sign) {
    demand.amounts().forEach((name, amount) -> used.merge(name, sign * amount, Long::sum));
    tokens += sign * demand.tokens();
  }

  /** Tokens of those that run and wait for no other. */
  public long tokens() {
    return tokens;
  }

  public boolean knows(long attempt) {
    return waiting.containsKey(attempt) || running.containsKey(attempt);
  }

  /** Executions that run, in order of their start. */
  public List<Demand> running() {
    return running.values().stream().map(Running::demand).toList();
  }

  /** The least place of those that wait; {@code Long.MAX_VALUE} when none does. */
  public long firstPlace() {
    long first = Long.MAX_VALUE;
    for (NavigableSet<Waiting> queue : queues.values()) first = Math.min(first, queue.first().place);
    return first;
  }

  /** Whether any execution waits. */
  public boolean waits() {
    return !waiting.isEmpty();
  }

  /** Executions that wait, in the order in which they would start if all fitted. */
  public List<Demand> waiting() {
    return queues.values().stream()
        .flatMap(NavigableSet::stream)
        .sorted()
        .map(Waiting::demand)
        .toList();
  }

  private Slot run(Demand demand) {
    waiting.remove(demand.attempt());
    use(demand, 1);
    int smallId = smallIds.nextClearBit(1);
    smallIds.set(smallId);
    running.put(demand.attempt(), new Running(demand, smallId));
    return new Slot(demand.job(), demand.attempt(), smallId);
  }

  /** Capacities may have shrunk below what is used: nothing is free then. */
  private Map<String, Long> free() {
    Map<String, Long> free = new HashMap<>();
    capacities.forEach((name, amount) -> free.put(name, Math.max(0, amount - used.getOrDefault(name, 0L))));
    return free;
  }
}

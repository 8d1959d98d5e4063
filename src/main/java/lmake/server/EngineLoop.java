package lmake.server;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import lmake.engine.Action;
import lmake.engine.Event;

/**
 * The engine's thread. Takes what was posted in batches: each letter may step the engine; then what changed is
 * committed, once; only then what the engine asked for is done, so that the store always knows of a job before its
 * process exists.
 */
final class EngineLoop {
  private static final long TICK_NS = 1_000_000_000L;
  private static final int REMEMBERED = 64;

  private final Mailbox mailbox = new Mailbox();
  private final Deque<Event> lastEvents = new ArrayDeque<>();
  private final List<Action> asked = new ArrayList<>();
  private Function<Event, List<Action>> engine = event -> List.of();
  private Runnable commit = () -> {};
  private Consumer<List<Action>> hands = actions -> {};
  private Consumer<Long> clock = now -> {};
  private LongSupplier due = () -> Long.MAX_VALUE;
  private Consumer<Long> reminder = now -> {};
  private boolean over;

  /**
   * Before {@link #run}.
   *
   * @param commit makes changes of the graph durable
   * @param hands carries actions out, in order; must not step the engine, but may post
   * @param clock called about every second
   */
  void wire(Function<Event, List<Action>> engine, Runnable commit, Consumer<List<Action>> hands, Consumer<Long> clock) {
    this.engine = engine;
    this.commit = commit;
    this.hands = hands;
    this.clock = clock;
  }

  /**
   * Before {@link #run}.
   *
   * @param due when there is next something to remind of, nanoseconds since the epoch; far away when there is nothing
   * @param reminder called at that date, and before anything is done that was heard since
   */
  void remind(LongSupplier due, Consumer<Long> reminder) {
    this.due = due;
    this.reminder = reminder;
  }

  /** To be run on the engine's thread. Any thread. */
  void post(Runnable letter) {
    mailbox.post(letter);
  }

  /** An event for the engine. Any thread. */
  void post(Event event) {
    mailbox.post(() -> step(event));
  }

  /** One turn of the engine; its actions are done at the end of the batch. Engine's thread. */
  void step(Event event) {
    if (lastEvents.size() == REMEMBERED) lastEvents.remove();
    lastEvents.add(event);
    asked.addAll(engine.apply(event));
  }

  /** The current batch is the last one. Engine's thread. */
  void stop() {
    over = true;
  }

  /** Until {@link #stop}. */
  void run() throws InterruptedException {
    long nextTick = System.nanoTime() + TICK_NS;
    while (!over) {
      long alarm = due.getAsLong();
      long patience = nextTick - System.nanoTime();
      if (alarm != Long.MAX_VALUE) patience = Math.min(patience, alarm - Dates.now());
      List<Runnable> batch = mailbox.take(patience);
      long now = Dates.now();
      if (now >= alarm) reminder.accept(now);
      batch.forEach(Runnable::run);
      if (System.nanoTime() - nextTick >= 0) {
        clock.accept(Dates.now());
        nextTick = System.nanoTime() + TICK_NS;
      }
      if (!batch.isEmpty()) finishBatch();
    }
  }

  /** Durable first, visible next. */
  private void finishBatch() {
    commit.run();
    if (asked.isEmpty()) return;
    List<Action> actions = List.copyOf(asked);
    asked.clear();
    hands.accept(actions);
  }

  /** What the engine was told last, oldest first: for the log, when something of ours is broken. */
  List<Event> lastEvents() {
    return new ArrayList<>(lastEvents);
  }
}

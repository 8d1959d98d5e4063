package lmake.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import lmake.engine.Action;
import lmake.engine.Event;
import org.junit.jupiter.api.Test;

class EngineLoopTest {
  private final List<String> log = new ArrayList<>();
  private final EngineLoop loop = new EngineLoop();

  @Test
  void aBatchIsCommittedOnceBeforeAnythingIsDone() throws InterruptedException {
    loop.wire(this::step, () -> log.add("commit"), this::act, now -> {});
    for (int i = 1; i <= 3; i++) loop.post(new Event.ReqKilled(i));
    loop.post(loop::stop);
    loop.run();
    assertThat(log).containsExactly("step 1", "step 2", "step 3", "commit", "do [1, 2, 3]");
  }

  @Test
  void nothingIsDoneWhenTheCommitFails() {
    loop.wire(this::step, () -> {
      throw new IllegalStateException("disk full");
    }, this::act, now -> {});
    loop.post(new Event.ReqKilled(1));
    org.assertj.core.api.Assertions.assertThatThrownBy(loop::run).hasMessage("disk full");
    assertThat(log).containsExactly("step 1");
    assertThat(loop.lastEvents()).containsExactly(new Event.ReqKilled(1));
  }

  @Test
  void theClockTicksEvenWhenNothingHappens() throws InterruptedException {
    loop.wire(this::step, () -> {}, this::act, now -> {
      log.add("tick");
      if (log.size() == 2) loop.stop();
    });
    long start = System.nanoTime();
    loop.run();
    assertThat(System.nanoTime() - start).isBetween(1_900_000_000L, 10_000_000_000L);
  }

  @Test
  void whatIsDueIsRemindedOfInTimeAndBeforeWhatIsHeardLater() throws InterruptedException {
    loop.wire(this::step, () -> {}, this::act, now -> log.add("tick"));
    long date = Dates.now() + 100_000_000L;
    AtomicLong due = new AtomicLong(date);
    loop.remind(due::get, now -> {
      log.add("remind " + (now >= date));
      due.set(Long.MAX_VALUE);
      loop.post(loop::stop);
    });
    loop.run();
    assertThat(log).as("not a tick later").containsExactly("remind true");
    EngineLoop late = new EngineLoop();
    late.remind(() -> date, now -> log.add("late"));
    late.post(() -> {
      log.add("heard");
      late.stop();
    });
    late.run();
    assertThat(log).containsExactly("remind true", "late", "heard");
  }

  private List<Action> step(Event event) {
    int req = ((Event.ReqKilled) event).req();
    log.add("step " + req);
    return List.of(new Action.ReqDone(req, true, List.of(), Action.Marked.NONE));
  }

  private void act(List<Action> actions) {
    log.add("do " + actions.stream().map(a -> ((Action.ReqDone) a).req()).toList());
  }
}

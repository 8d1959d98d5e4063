package lmake.engine;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.IntConsumer;
import lmake.engine.Req.JobState;

/**
 * The pressure of a job for a command: how long the longest path of jobs is that must still be made from it, itself included,
 * up to what was asked for. Worked out from the lists of who waits when a job is queued. What is found of the jobs on the way is
 * kept, and holds until the server has all of it looked at anew ({@link Req#renew}), about every second: so all jobs
 * together cost no more than one walk over those who wait, and who waits later counts a little later. Changes nothing else.
 */
final class Pressures {
  /** Milliseconds: longer is as long. */
  private static final long FOR_EVER = 1_000_000_000_000L;

  private final Turn turn;
  private final Asks asks;

  Pressures(Turn turn, Asks asks) {
    this.turn = turn;
    this.asks = asks;
  }

  /** Milliseconds, 0 for what the command never met. */
  long of(Req req, int job) {
    JobState state = req.knownJob(job);
    if (state == null) return 0;
    if (state.aboveAt != req.stamp()) climb(req, job);
    return turn.expectedMs(job) + state.above;
  }

  /** Depth first, from each job to those that wait for it: a job is left when all of them are known. */
  private void climb(Req req, int from) {
    Deque<Integer> path = new ArrayDeque<>();
    path.push(from);
    while (!path.isEmpty()) {
      int job = path.peek();
      JobState state = req.job(job);
      if (state.aboveAt == req.stamp()) {
        path.pop();
      } else if (state.aboveAt != -req.stamp()) {
        state.aboveAt = -req.stamp(); // on the way: jobs that wait for each other are not followed round and round
        forEachWaiter(req, job, waiter -> {
          if (Math.abs(req.job(waiter).aboveAt) != req.stamp()) path.push(waiter);
        });
      } else {
        long[] longest = {0};
        forEachWaiter(req, job, waiter -> {
          JobState above = req.job(waiter);
          if (above.aboveAt == req.stamp()) longest[0] = Math.max(longest[0], turn.expectedMs(waiter) + above.above);
        });
        state.above = Math.min(FOR_EVER, longest[0]);
        state.aboveAt = req.stamp();
        path.pop();
      }
    }
  }

  /** Jobs that wait for one, or that run and ask for what it makes; some perhaps twice. */
  private void forEachWaiter(Req req, int job, IntConsumer tell) {
    req.forEachWatcher(req.job(job), node -> waiters(req, node, tell));
  }

  private void waiters(Req req, int node, IntConsumer tell) {
    req.forEachWatcher(node, waiter -> {
      if (waiter > 0) tell.accept(waiter);
      else waiters(req, -waiter, tell); // a file waits for its dir: as deep as its name, no more
    });
    asks.forEachAsker(node, asker -> {
      if (req.knownJob(asker) != null) tell.accept(asker);
    });
  }
}

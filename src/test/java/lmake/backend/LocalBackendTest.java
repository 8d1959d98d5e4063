package lmake.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LocalBackendTest {
  private final LocalBackend backend = new LocalBackend();

  @Test
  void startsInOrderOfArrival() {
    backend.setCapacities(Map.of("cpu", 2L));
    for (int i = 1; i <= 4; i++) backend.submit(demand(i, Map.of("cpu", 1L)), 0);
    assertThat(launch(100)).extracting(Slot::job).containsExactly(1, 2);
    assertThat(launch(100)).isEmpty();
    backend.release(1);
    assertThat(launch(100)).containsExactly(new Slot(3, 3, 1));
  }

  @Test
  void aBigJobIsOvertakenOnlyByThoseThatUseOtherResources() {
    backend.setCapacities(Map.of("cpu", 2L, "token", 1L));
    backend.submit(demand(1, Map.of("cpu", 1L)), 0);
    assertThat(launch(100)).hasSize(1);
    backend.submit(demand(2, Map.of("cpu", 2L)), 0);
    backend.submit(demand(3, Map.of("cpu", 1L)), 0);
    backend.submit(demand(4, Map.of("token", 1L)), 0);
    assertThat(launch(100)).extracting(Slot::job).containsExactly(4);
    backend.release(1);
    assertThat(launch(100)).extracting(Slot::job).containsExactly(2);
  }

  @Test
  void runsNoMoreThanTheLimit() {
    backend.setCapacities(Map.of("cpu", 10L));
    for (int i = 1; i <= 5; i++) backend.submit(demand(i, Map.of("cpu", 1L)), 0);
    assertThat(launch(3)).hasSize(3);
    assertThat(launch(3)).isEmpty();
    assertThat(launch(4)).hasSize(1);
  }

  @Test
  void whatWaitsCanBeCancelled() {
    backend.setCapacities(Map.of("cpu", 1L));
    backend.submit(demand(1, Map.of("cpu", 1L)), 0);
    backend.submit(demand(2, Map.of("cpu", 1L)), 0);
    launch(9);
    assertThat(backend.cancel(1)).isFalse();
    assertThat(backend.cancel(2)).isTrue();
    assertThat(backend.cancel(2)).isFalse();
    backend.release(1);
    assertThat(launch(9)).isEmpty();
  }

  @Test
  void forgetsWhatSmallerCapacitiesCanNeverHold() {
    backend.setCapacities(Map.of("cpu", 2L, "mem", 1000L));
    assertThat(backend.canRun(Map.of("cpu", 2L, "mem", 1000L))).isTrue();
    assertThat(backend.canRun(Map.of("mem", 2000L))).isFalse();
    assertThat(backend.canRun(Map.of("gpu", 1L))).isFalse();
    backend.submit(demand(1, Map.of("cpu", 2L)), 0);
    backend.submit(demand(2, Map.of("cpu", 1L)), 0);
    assertThat(backend.setCapacities(Map.of("cpu", 1L))).extracting(Demand::job).containsExactly(1);
    assertThat(launch(9)).extracting(Slot::job).containsExactly(2);
  }

  /** Capacities hold at every moment, small ids are unique, and every job runs although big and small ones compete. */
  @Test
  void neverExceedsCapacityAndStarvesNobody() {
    long seed = Long.getLong("lmake.seed", 1);
    Random random = new Random(seed);
    Map<String, Long> capacities = Map.of("cpu", 4L, "mem", 1000L, "lic", 1L);
    backend.setCapacities(capacities);
    Map<Long, Slot> slots = new HashMap<>();
    Map<Long, Integer> waitedTurns = new HashMap<>();
    int submitted = 0;
    int ended = 0;
    for (int turn = 0; ended < 3000; turn++) {
      if (submitted < 3000) {
        for (int n = random.nextInt(4); n > 0; n--) {
          backend.submit(demand(++submitted, draw(random)), 0);
          waitedTurns.put((long) submitted, turn);
        }
      }
      for (Slot slot : launch(random.nextInt(10) == 0 ? 2 : 100)) slots.put(slot.attempt(), slot);
      assertThat(slots.values().stream().map(Slot::smallId).distinct().count()).isEqualTo(slots.size());
      Map<String, Long> used = new HashMap<>();
      backend.running().forEach(d -> d.amounts().forEach((k, v) -> used.merge(k, v, Long::sum)));
      used.forEach((k, v) -> assertThat(v).as("%s, seed %d", k, seed).isLessThanOrEqualTo(capacities.get(k)));
      assertThat(slots.isEmpty() && !backend.waiting().isEmpty()).as("stuck, seed %d", seed).isFalse();
      List<Long> over = new ArrayList<>(slots.keySet());
      for (long attempt : over) {
        if (random.nextInt(3) != 0) continue;
        backend.release(attempt);
        slots.remove(attempt);
        ended++;
      }
      long oldest = backend.waiting().stream().mapToLong(Demand::attempt).min().orElse(Long.MAX_VALUE);
      if (oldest == Long.MAX_VALUE) continue;
      // Whoever was there before the oldest one is running or gone, so it is next for what it lacks: a short wait.
      long behind = backend.running().stream().filter(d -> d.attempt() > oldest).count();
      assertThat(behind).as("overtaken, seed %d", seed).isLessThanOrEqualTo(6);
    }
  }

  private static Map<String, Long> draw(Random random) {
    return switch (random.nextInt(4)) {
      case 0 -> Map.of("cpu", 4L);
      case 1 -> Map.of("cpu", 1L, "mem", 1L + random.nextInt(1000));
      case 2 -> Map.of("cpu", 1L, "lic", 1L);
      default -> Map.of("cpu", 1L);
    };
  }

  private static Demand demand(int job, Map<String, Long> amounts) {
    return new Demand(job, job, amounts);
  }

  @Test
  void aLimitOfOneReqHoldsNobodyElseBack() {
    backend.setCapacities(Map.of("cpu", 10L));
    for (int i = 1; i <= 6; i++) backend.submit(demand(i, Map.of("cpu", i % 2 + 1L)), 0);
    // Jobs up to 4 are for a req that may run one at a time.
    LocalBackend.Permit permit =
        new LocalBackend.Permit() {
          private int left = 1;

          @Override
          public boolean any() {
            return true;
          }

          @Override
          public boolean may(Demand demand) {
            return demand.job() > 4 || left > 0;
          }

          @Override
          public void granted(Demand demand) {
            if (demand.job() <= 4) left--;
          }
        };
    assertThat(backend.launch(permit)).extracting(Slot::job).containsExactly(1, 5, 6);
  }

  @Test
  void theLeastPlaceGoesFirstWhateverItAsksFor() {
    backend.setCapacities(Map.of("cpu", 1L, "mem", 100L));
    backend.submit(demand(1, Map.of("cpu", 1L)), 30);
    backend.submit(demand(2, Map.of("cpu", 1L, "mem", 1L)), 10);
    backend.submit(demand(3, Map.of("cpu", 1L)), 20);
    backend.submit(demand(4, Map.of("cpu", 1L)), 20);
    assertThat(backend.waiting()).extracting(Demand::job).containsExactly(2, 3, 4, 1);
    assertThat(launchAll()).containsExactly(2, 3, 4, 1);
  }

  @Test
  void placesMayChangeWhileJobsWait() {
    backend.setCapacities(Map.of("cpu", 1L));
    for (int i = 1; i <= 4; i++) backend.submit(demand(i, Map.of("cpu", 1L)), i);
    backend.reorder(one -> one.job() % 2);
    assertThat(backend.cancel(4)).isTrue();
    assertThat(launchAll()).as("those of one place stay in order of arrival").containsExactly(2, 1, 3);
  }

  /** Amounts that differ a little share a queue; what is reserved is what was asked for, to the unit. */
  @Test
  void exactAmountsAreReserved() {
    backend.setCapacities(Map.of("mem", 1000L));
    backend.submit(demand(1, Map.of("mem", 501L)), 0);
    backend.submit(demand(2, Map.of("mem", 499L)), 0);
    backend.submit(demand(3, Map.of("mem", 1000L)), 0);
    assertThat(launch(9)).extracting(Slot::job).containsExactly(1, 2);
    backend.release(1);
    assertThat(launch(9)).isEmpty();
    backend.release(2);
    assertThat(launch(9)).extracting(Slot::job).containsExactly(3);
  }

  private List<Integer> launchAll() {
    List<Integer> jobs = new ArrayList<>();
    for (List<Slot> slots = launch(9); !slots.isEmpty(); slots = launch(9)) {
      for (Slot slot : slots) {
        jobs.add(slot.job());
        backend.release(slot.attempt());
      }
    }
    return jobs;
  }

  private List<Slot> launch(int limit) {
    return backend.launch(
        new LocalBackend.Permit() {
          private int left = limit - backend.active().size();

          @Override
          public boolean any() {
            return left > 0;
          }

          @Override
          public boolean may(Demand demand) {
            return left > 0;
          }

          @Override
          public void granted(Demand demand) {
            left--;
          }
        });
  }
}

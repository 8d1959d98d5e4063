package lmake.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lmake.backend.Demand;
import lmake.backend.LocalBackend;
import lmake.command.Site.Pace;
import lmake.engine.Event;
import lmake.engine.ReqOptions;
import org.junit.jupiter.api.Test;

/** Which commands let which jobs start. */
class ReqsTest {
  /** Jobs of each req: 1 is wanted by both. */
  private static final Map<Integer, Set<Integer>> WANTED = Map.of(1, Set.of(1, 2, 3), 2, Set.of(1, 4, 5, 6));

  private static final long FILE_DATE = 42;

  private final List<Event> events = new ArrayList<>();
  private final Reqs reqs = new Reqs(events::add, (req, job) -> WANTED.get(req).contains(job), () -> FILE_DATE);

  /** Dates of sources are compared to it: they are given by the disk, which may be that of another host. */
  @Test
  void commandBeginsAtTheDateOfTheDisk() {
    open(0);
    assertThat(events).first().isInstanceOfSatisfying(Event.ReqOpened.class, e -> assertThat(e.date()).isEqualTo(FILE_DATE));
  }

  @Test
  void jobWantedByTwoCountsForEachAndStartsWhenItMayForOne() {
    open(1);
    open(2);
    LocalBackend.Permit permit = reqs.permit(List.of());
    assertThat(permit.may(demand(2))).isTrue();
    permit.granted(demand(2));
    assertThat(permit.may(demand(3))).as("the first has one already").isFalse();
    assertThat(permit.may(demand(1))).as("on behalf of the second").isTrue();
    permit.granted(demand(1));
    assertThat(permit.may(demand(4))).isTrue();
    permit.granted(demand(4));
    assertThat(permit.may(demand(5))).isFalse();
    assertThat(permit.any()).isFalse();
  }

  @Test
  void limitOfOneCommandIsNoneForAnother() {
    open(1);
    open(0);
    LocalBackend.Permit permit = reqs.permit(List.of(demand(1)));
    assertThat(permit.may(demand(2))).isFalse();
    assertThat(permit.may(demand(4))).isTrue();
    assertThat(permit.any()).isTrue();
  }

  @Test
  void sourcesMayBeOverwrittenByJobsOfTheCommandThatSaysSo() {
    reqs.open(null, List.of(), List.of(), SOURCE_OK, Pace.FREE, null);
    open(0);
    assertThat(reqs.sourceOk(2)).isTrue();
    assertThat(reqs.sourceOk(1)).isTrue();
    assertThat(reqs.sourceOk(4)).isFalse();
  }

  private static final ReqOptions SOURCE_OK =
      new ReqOptions(false, false, 0, 0, 0, false, false, false, true, false, false, false);

  private void open(int jobLimit) {
    reqs.open(null, List.of(), List.of(), ReqOptions.DEFAULT, new Pace(jobLimit, 0), null);
  }

  private static Demand demand(int job) {
    return new Demand(job, job, Map.of("cpu", 1L));
  }
}

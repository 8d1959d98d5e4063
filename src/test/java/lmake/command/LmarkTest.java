package lmake.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lmark marks, what it prints, and when it refuses. */
final class LmarkTest {
  @TempDir Path root;
  private FakeSite site;
  private FakeSession session;
  private int up;

  @BeforeEach
  void build() {
    site = new FakeSite(root, BuildTest.book());
    up = site.ran("Up", JobStatus.OK, "a.up", "a.src");
  }

  private int mark(String... args) {
    session = new FakeSession("lmark", args);
    Commands.run(site, session);
    return session.code();
  }

  @Test
  void aJobIsFrozenByAFileOfItsAndIsNewOnceItIsNotAnyMore() {
    assertThat(mark("-af", "a.up")).isZero();
    assertThat(session.said()).isEqualTo("Up a.up\n");
    assertThat(site.graph.frozen(up)).isTrue();
    assertThat(site.graph.status(up)).isEqualTo(JobStatus.OK);
    site.graph.setWriter(site.graph.findNode("a.up"), 0); // edited since
    assertThat(mark("-df", "a.up")).isZero();
    assertThat(site.graph.frozen(up)).isFalse();
    assertThat(site.graph.status(up)).isEqualTo(JobStatus.NEW);
    assertThat(site.commits).isEqualTo(2);
  }

  @Test
  void filesWithoutAJobBecomeSources() {
    assertThat(mark("-af", "free")).isZero();
    assertThat(session.said()).isEmpty();
    assertThat(site.rules().orElseThrow().manifest().isSource("free")).isTrue();
    assertThat(mark("-af", "free")).isEqualTo(1);
    assertThat(mark("-cf")).isZero();
    assertThat(site.rules().orElseThrow().manifest().isSource("free")).isFalse();
    assertThat(site.graph.has(site.graph.findNode("free"), Graph.FROZEN)).isFalse();
  }

  @Test
  void nothingIsMarkedWhenOneArgumentIsWrong() {
    assertThat(mark("-af", "a.up", "a.src")).isEqualTo(1);
    assertThat(session.said()).isEqualTo("cannot freeze a source : a.src\n");
    assertThat(site.graph.frozen(up)).isFalse();
    assertThat(mark("-at", "a.src", "../x")).isEqualTo(1);
    assertThat(site.graph.marked(Graph.NO_TRIGGER)).isEmpty();
    assertThat(site.commits).isZero();
  }

  @Test
  void refusals() {
    assertThat(mark("-dt", "a.src")).isEqualTo(1);
    assertThat(mark("-df", "a.up")).isEqualTo(1);
    site.busy = true;
    assertThat(mark("-af", "free")).isEqualTo(1);
    assertThat(mark("-af", "a.up")).as("a job may be frozen while others run").isZero();
    assertThat(mark("-cf")).isZero();
    site.running.add(new Site.RunningJob(up, 'R', List.of()));
    assertThat(mark("-af", "a.up")).isEqualTo(1);
    int other = site.ran("Bad", JobStatus.OK, "x.bad");
    site.graph.setWriter(site.graph.findNode("a.up"), other);
    assertThat(mark("-af", "a.up")).as("made by another job").isEqualTo(1);
    assertThat(mark("-aFf", "a.up")).isZero();
    assertThat(site.graph.frozen(other)).isTrue();
  }

  @Test
  void mistakesOfTheCommandLine() {
    for (String[] args : new String[][] {{"-f", "a"}, {"-a", "a"}, {"-aft", "a"}, {"-lf", "a"}, {"-ct", "a"},
        {"-adf", "a"}, {"-atJ", "a.up"}, {"-afR", "Up", "a.up"}}) {
      assertThat(mark(args)).as(String.join(" ", args)).isEqualTo(11);
    }
    assertThat(mark("-at")).as("nothing to do").isZero();
  }

  @Test
  void filesThatAreNotThereAreListedSo() {
    site.onDisk.add("a.src");
    mark("-at", "a.src", "ghost");
    assertThat(session.said()).isEqualTo("a.src\n(not existing) ghost\n");
    mark("-lt");
    assertThat(session.said()).isEqualTo("a.src\n(not existing) ghost\n");
  }
}

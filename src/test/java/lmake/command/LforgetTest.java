package lmake.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;
import lmake.graph.TargetFlags;
import lmake.graph.TargetVector;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lforget does to jobs, and when it refuses. */
final class LforgetTest {
  @TempDir Path root;
  private FakeSite site;
  private FakeSession session;
  private int up;

  @BeforeEach
  void build() {
    site = new FakeSite(root, BuildTest.book());
    up = site.ran("Up", JobStatus.OK, "a.up", "a.src");
    int stat = DepFlags.STATIC;
    site.graph.setDeps(
        up,
        new DepVector.Builder()
            .add(site.graph.node("h1"), 3, 0, false, 0, 16)
            .add(site.graph.node("s1"), 3, stat, true, DepVector.SIG, 99)
            .add(site.graph.node("h2"), 3, 0, true, 0, 16)
            .add(site.graph.node("s2"), 3, stat, true, 0, 18)
            .add(site.graph.node("s3"), 3, stat, false, 0, 20)
            .build());
    site.graph.setTargets(
        up,
        new TargetVector(
            new int[] {site.graph.node("a.up"), site.graph.node("star")},
            new int[] {TargetFlags.STATIC, 0},
            new long[] {16, 18},
            new long[] {5, 6}));
  }

  private int forget(String... args) {
    session = new FakeSession("lforget", args);
    Commands.run(site, session);
    return session.code();
  }

  @Test
  void aForgottenJobLooksNeverRun() {
    assertThat(forget("a.up", "a.src", "unknown")).isZero();
    assertThat(session.said()).isEmpty();
    assertThat(site.graph.status(up)).isEqualTo(JobStatus.NEW);
    assertThat(site.graph.reason(up).kind()).isEqualTo(RunReason.Kind.NEVER_RUN);
    assertThat(site.graph.deps(up).size()).isEqualTo(5);
    assertThat(site.graph.targets(up).size()).isEqualTo(2);
    assertThat(site.commits).isEqualTo(1);
  }

  @Test
  void hiddenDepsAndStarTargetsGoOnDemand() {
    assertThat(forget("-dtJ", "a.up")).isZero();
    DepVector deps = site.graph.deps(up);
    DepVector expected =
        new DepVector.Builder()
            .add(site.graph.node("s1"), 3, DepFlags.STATIC, false, DepVector.SIG, 99)
            .add(site.graph.node("s2"), 3, DepFlags.STATIC, true, 0, 18)
            .add(site.graph.node("s3"), 3, DepFlags.STATIC, false, 0, 20)
            .build();
    assertThat(deps).isEqualTo(expected);
    assertThat(site.graph.targets(up).size()).isEqualTo(1);
    assertThat(site.graph.targets(up).node(0)).isEqualTo(site.graph.node("a.up"));
    assertThat(site.graph.targets(up).sig(0)).isEqualTo(5);
  }

  @Test
  void aRunningJobIsLeftAlone() {
    site.running.add(new Site.RunningJob(up, 'R', List.of()));
    assertThat(forget("a.up")).isEqualTo(1);
    assertThat(session.said() + session.complained()).isEmpty();
    assertThat(site.graph.status(up)).isEqualTo(JobStatus.OK);
    assertThat(site.commits).isZero();
  }

  @Test
  void nothingToForget() {
    assertThat(forget()).isZero();
    assertThat(forget("a.src")).isZero();
    assertThat(forget("zz", "x.bad")).isZero();
    assertThat(site.commits).isZero();
    assertThat(forget("../x")).isEqualTo(1);
    assertThat(forget("-R", "Up", "a.up")).isEqualTo(11);
  }

  @Test
  void resourcesOfOld() {
    long today = site.rules().orElseThrow().rule(site.graph.rule(up)).orElseThrow().rsrcCrc();
    int same = site.ran("Up", JobStatus.OK, "b.up");
    site.graph.setCmd(same, 1, today);
    int failed = site.ran("Bad", JobStatus.JOB_ERROR, "x.bad");
    assertThat(forget("-r")).isZero();
    assertThat(session.said()).isEqualTo("refresh Up\n");
    assertThat(site.graph.status(up)).isEqualTo(JobStatus.NEW);
    assertThat(site.graph.status(same)).isEqualTo(JobStatus.OK);
    assertThat(site.graph.status(failed)).isEqualTo(JobStatus.JOB_ERROR);
    assertThat(forget("-r", "a.up")).isEqualTo(11);
    site.busy = true;
    assertThat(forget("-r")).isEqualTo(1);
  }
}

package lmake.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import lmake.engine.Event.FileKind;
import lmake.graph.Accesses;
import lmake.wire.Access;
import lmake.wire.JobEnd;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReadDepsTest {
  private static final Places PLACES = new Places("/repo", "/inst");

  @ParameterizedTest(name = "{0} then, {1} now: {2}")
  @CsvSource(
      delimiter = '|',
      textBlock = """
      # then   | now      | cause
      100      | 100      |
      100      | 200      | step.py was modified
      100      | ABSENT   | step.py was removed
      ABSENT   | 100      | step.py was created
      ABSENT   | ABSENT   |
      ABSENT   | DIR      | step.py was created
      DIR      | DIR      |
      DIR      | ABSENT   | step.py was removed
      100      | DIR      | step.py was modified
      SPECIAL  | SPECIAL  |
      MOVING   | 100      | step.py was modified
      MOVING   | ABSENT   | step.py was removed
      DOUBTED  | 100      | the machine was started again
      DOUBTED  | ABSENT   | the machine was started again
      """)
  void tellsWhatHappenedToAFile(String then, String now, String cause) {
    ReadDeps deps = new ReadDeps("/inst", "/repo", List.of(new ReadDeps.File("step.py", state(then))), Map.of());
    assertThat(deps.stale(PLACES, Map.of(), new Disk.Seen[] {seen(now)}).orElse(null)).isEqualTo(cause);
  }

  @ParameterizedTest(name = "{0} then, {1} now: {2}")
  @CsvSource(
      delimiter = '|',
      textBlock = """
      # then | now | cause
      a      | a   |
      a      | b   | $FOO changed
      a      |     | $FOO disappeared
             | a   | $FOO appeared
             |     |
      """)
  void tellsWhatHappenedToAVariable(String then, String now, String cause) {
    ReadDeps deps = new ReadDeps("/inst", "/repo", List.of(), Map.of("FOO", Optional.ofNullable(then)));
    Map<String, String> environ = now == null ? Map.of("BAR", "x") : Map.of("FOO", now);
    assertThat(deps.stale(PLACES, environ, new Disk.Seen[0]).orElse(null)).isEqualTo(cause);
  }

  @Test
  void dependsOnTheInstallationAndOnTheRoot() {
    ReadDeps deps = new ReadDeps("/inst", "/repo", List.of(), Map.of());
    assertThat(deps.stale(new Places("/repo", "/other"), Map.of(), new Disk.Seen[0])).contains("lmake root changed");
    assertThat(deps.stale(new Places("/moved", "/inst"), Map.of(), new Disk.Seen[0])).contains("repo root changed");
  }

  @Test
  void noSigIsBelievedOnceTheMachineWasStartedAgain() {
    for (String state : new String[] {"100", "ABSENT", "DIR", "SPECIAL"}) {
      ReadDeps deps = new ReadDeps("/inst", "/repo", List.of(new ReadDeps.File("step.py", state(state))), Map.of());
      Optional<String> now = deps.stale(PLACES, Map.of(), new Disk.Seen[] {seen(state)});
      Optional<String> doubted = deps.doubted().stale(PLACES, Map.of(), new Disk.Seen[] {seen(state)});
      assertThat(doubted).isEqualTo(state.equals("100") ? Optional.of("the machine was started again") : now);
    }
  }

  @Test
  void isKeptAsBytes() {
    List<ReadDeps.File> files =
        java.util.stream.IntStream.range(0, 2000).mapToObj(i -> new ReadDeps.File("dir/name\udcff" + i, i * 77L - 500)).toList();
    ReadDeps deps = new ReadDeps("/inst", "/repo", files, Map.of("A", Optional.of("x=\n"), "B", Optional.empty()));
    assertThat(ReadDeps.decode(deps.encode())).contains(deps);
    assertThat(ReadDeps.decode(new byte[] {1, 2, 3, 4, 5, 6, 7, 8})).isEmpty();
    assertThat(ReadDeps.decode(new byte[0])).isEmpty();
  }

  @Test
  void accessesOfTheReaderBecomeFiles() {
    Map<String, Disk.Seen> disk = Map.of(
        "sub", new Disk.Seen(FileKind.DIR, 0, 0, 1),
        "known", new Disk.Seen(FileKind.REGULAR, 900, 0, 1),
        "late", new Disk.Seen(FileKind.REGULAR, 901, 0, 2_000_000_000),
        "born", new Disk.Seen(FileKind.REGULAR, 902, 0, 2_000_000_000),
        "lib/m.py", new Disk.Seen(FileKind.REGULAR, 903, 0, 1));
    JobEnd end = end(List.of(
        access("Lmakefile.py", Accesses.R, 500),
        access("sub", Accesses.T, 0),
        access("absent.py", Accesses.R, 0),
        access("born", Accesses.R, 0),
        access("known", Accesses.T, 1),
        access("late", Accesses.T, 1),
        access("twice", Accesses.R | Accesses.UNSTABLE, 501),
        access("lib/__pycache__/m.cpython-311.pyc", Accesses.R, 0),
        access("LMAKE/lmakefile_tmp/config/x", Accesses.R, 7),
        access("/proc/self/maps", Accesses.R, 7),
        access("written", Accesses.R | Accesses.WRITE | Accesses.READ_AFTER_WRITE_ONLY, 502),
        access("listed", Accesses.LISTED, 0)));
    assertThat(new ReadTrace(new FakeDisk(disk)).files(end))
        .containsExactly(
            new ReadDeps.File("Lmakefile.py", 500),
            new ReadDeps.File("sub", ReadDeps.DIR),
            new ReadDeps.File("absent.py", ReadDeps.ABSENT),
            new ReadDeps.File("born", ReadDeps.ABSENT),
            new ReadDeps.File("known", 900),
            new ReadDeps.File("late", ReadDeps.MOVING),
            new ReadDeps.File("twice", ReadDeps.MOVING),
            new ReadDeps.File("lib/m.py", 903));
  }

  private static Access access(String name, int bits, long sig) {
    return new Access(name, bits, 1_500_000_000, 0, 0, sig, 1, 1, 0, 0, 0, 0);
  }

  private static JobEnd end(List<Access> accesses) {
    return new JobEnd(
        1, JobEnd.Outcome.EXITED, 0, 1_000_000_000, 3_000_000_000L, 0, 0, 0, 0, new byte[0], new byte[0], List.of(), List.of(),
        accesses, List.of());
  }

  private static long state(String word) {
    return switch (word) {
      case "ABSENT" -> ReadDeps.ABSENT;
      case "DIR" -> ReadDeps.DIR;
      case "SPECIAL" -> ReadDeps.SPECIAL;
      case "MOVING" -> ReadDeps.MOVING;
      case "DOUBTED" -> ReadDeps.DOUBTED;
      default -> Long.parseLong(word);
    };
  }

  private static Disk.Seen seen(String word) {
    return switch (word) {
      case "ABSENT" -> new Disk.Seen(FileKind.ABSENT, 0, 0, 0);
      case "DIR" -> new Disk.Seen(FileKind.DIR, 0, 0, 5);
      case "SPECIAL" -> new Disk.Seen(FileKind.SPECIAL, 0, 0, 5);
      default -> new Disk.Seen(FileKind.REGULAR, Long.parseLong(word), 0, 5);
    };
  }
}

package lmake.autodep;

import java.util.List;
import java.util.Set;
import lmake.graph.DepVector;
import lmake.rules.Launch;
import lmake.rules.Rule;
import lmake.rules.StaticDep;

/**
 * The job a verdict is about, and what it was allowed to do.
 *
 * @param statics its static deps, in order
 * @param before deps of its last run: they were built before it started, so that none of them can be hot
 * @param waited nodes it waited for while running ({@code ldepend -d}): not hot either
 * @param stderrOk it may write on stderr
 * @param readdirOk it may list dirs
 * @param untraced its accesses are not known: it is taken to read all of its static deps
 * @param sourceOk it may overwrite sources ({@code lmake -s})
 * @param timeoutMs after which it was ended, for the message
 */
public record Case(
    Rule rule,
    String[] stems,
    List<StaticDep> statics,
    DepVector before,
    Set<Integer> waited,
    boolean stderrOk,
    boolean readdirOk,
    boolean untraced,
    boolean sourceOk,
    int timeoutMs) {
  public Case {
    statics = List.copyOf(statics);
    waited = Set.copyOf(waited);
  }

  /** What a launch allows. */
  public static Case of(
      Rule rule,
      String[] stems,
      List<StaticDep> statics,
      Launch launch,
      DepVector before,
      Set<Integer> waited,
      boolean sourceOk) {
    return new Case(
        rule, stems, statics, before, waited, launch.stderrOk(), launch.readdirOk(), launch.tracer() == 0, sourceOk,
        launch.timeoutMs());
  }
}

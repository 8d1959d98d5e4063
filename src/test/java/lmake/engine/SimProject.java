package lmake.engine;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import lmake.engine.Event.FileKind;
import lmake.rules.RuleBook;

/** What a {@link SimServer} builds: rules, and what their jobs do. */
interface SimProject {
  RuleBook book();

  /**
   * What a job writes, or null when it fails. {@code read} gives contents, null when absent, and is called in the order in
   * which the job reads; it may stop the recipe, which is then called again from its beginning.
   */
  default Map<String, String> recipe(String rule, String stem, Function<String, String> read) {
    throw new UnsupportedOperationException(rule);
  }

  /** What a job does. May be called again from its beginning: what was done already is not done twice, but gives the same. */
  default void play(String rule, String stem, SimActs acts) {
    Map<String, String> files =
        recipe(rule, stem, name -> name.endsWith("?") ? acts.exists(name.replace("?", "")) ? "" : null : acts.read(name));
    if (files == null) acts.fail();
    else files.forEach((name, content) -> acts.write(name, content, FileKind.REGULAR));
  }

  /** Files that a job may have half written when it dies. */
  default List<String> torn(String rule, String stem, List<String> staticTargets) {
    return staticTargets.subList(0, Math.min(1, staticTargets.size()));
  }

  /** True when the job fails this time though nothing is wrong with it. */
  default boolean flaky(String rule) {
    return false;
  }
}

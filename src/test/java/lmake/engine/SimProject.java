package lmake.engine;

import java.util.Map;
import java.util.function.Function;
import lmake.rules.RuleBook;

/** What a {@link SimServer} builds: rules, and what their jobs do. */
interface SimProject {
  RuleBook book();

  /**
   * What a job writes, or null when it fails. {@code read} gives contents, null when absent, and is called in the order in
   * which the job reads; it may stop the recipe, which is then called again from its beginning.
   */
  Map<String, String> recipe(String rule, String stem, Function<String, String> read);
}

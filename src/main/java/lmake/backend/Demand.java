package lmake.backend;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What one execution of a job asks for.
 *
 * @param attempt unique number of the execution
 * @param amounts by name of resource, without those of which nothing is asked
 */
public record Demand(int job, long attempt, Map<String, Long> amounts) {
  public Demand {
    TreeMap<String, Long> sorted = new TreeMap<>(amounts);
    sorted.values().removeIf(amount -> amount == 0);
    amounts = Collections.unmodifiableMap(sorted);
  }

  /** Its part of what runs, in processors; at least one. */
  public long tokens() {
    return Math.max(1, amounts.getOrDefault("cpu", 1L));
  }
}

package lmake.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Jobs in a hash map: for tests and the simulator. What a graph was told of deps and targets lives in the graph itself. */
public final class MemoryShelf implements Shelf {
  private final Map<String, Integer> ids = new HashMap<>();
  private final List<String[]> stems = new ArrayList<>();

  @Override
  public int findJob(int rule, String[] values) {
    return ids.getOrDefault(key(rule, values), 0);
  }

  @Override
  public int addJob(int rule, String[] values) {
    stems.add(values.clone());
    ids.put(key(rule, values), stems.size());
    return stems.size();
  }

  @Override
  public String[] stems(int job) {
    return stems.get(job - 1).clone();
  }

  @Override
  public DepVector deps(int job) {
    return DepVector.EMPTY;
  }

  @Override
  public TargetVector targets(int job) {
    return TargetVector.EMPTY;
  }

  @Override
  public int jobCount() {
    return stems.size();
  }

  private static String key(int rule, String[] values) {
    return rule + "\0" + String.join("\0", values);
  }
}

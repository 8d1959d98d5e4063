package lmake.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Names in a hash map: for tests and the simulator. */
public final class MemoryNames implements Names {
  private final Map<String, Integer> ids = new HashMap<>();
  private final List<String> names = new ArrayList<>();

  @Override
  public int find(String name) {
    return ids.getOrDefault(name, 0);
  }

  @Override
  public int intern(String name) {
    Integer id = ids.get(name);
    if (id != null) return id;
    names.add(name);
    ids.put(name, names.size());
    return names.size();
  }

  @Override
  public String name(int node) {
    return names.get(node - 1);
  }

  @Override
  public int parent(int node) {
    String name = name(node);
    int slash = name.lastIndexOf('/');
    return slash <= 0 ? 0 : intern(name.substring(0, slash));
  }

  @Override
  public int count() {
    return names.size();
  }
}

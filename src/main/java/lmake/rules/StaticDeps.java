package lmake.rules;

import com.grack.nanojson.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import lmake.graph.DepFlags;
import lmake.rules.Evaluator.EvalError;

/** The {@code deps} of a rule: for one job, names and flags, or what is wrong with them. Immutable. */
final class StaticDeps {
  private static final int ALWAYS = DepFlags.STATIC | DepFlags.REQUIRED | DepFlags.FULL;

  private record Entry(String key, Expr expr, int flags) {}

  /**
   * What one job gets. When there are complaints, the deps are those that were right.
   *
   * @param values what each key is worth, the empty text for a dep that is not there
   */
  record Found(List<StaticDep> deps, Map<String, String> values, List<String> complaints) {
    private static final String RAISED = "cannot compute ";

    private void raised(String what, EvalError by) {
      complaints.add(RAISED + what + ": " + by.getMessage());
    }

    /** Whether Python code raised, rather than gave what is no name. */
    boolean raised() {
      return complaints.stream().anyMatch(one -> one.startsWith(RAISED));
    }
  }

  private final List<Entry> entries;
  private final Optional<Expr> whole; // a function that gives all of them
  private final Manifest manifest;

  private StaticDeps(List<Entry> entries, Optional<Expr> whole, Manifest manifest) {
    this.entries = entries;
    this.whole = whole;
    this.manifest = manifest;
  }

  static StaticDeps of(JsonObject rule, Map<Integer, Expr.Code> codes, Manifest manifest) {
    if (rule.get("deps") instanceof JsonObject code) {
      return new StaticDeps(List.of(), Optional.of(Expr.of(code, codes)), manifest);
    }
    List<Entry> entries = new ArrayList<>();
    for (Object item : Digest.array(rule, "deps")) {
      JsonObject dep = Digest.object(item);
      entries.add(new Entry(Digest.text(dep, "key"), Expr.of(dep.get("expr"), codes), Digest.integer(dep, "flags", 0)));
    }
    return new StaticDeps(List.copyOf(entries), Optional.empty(), manifest);
  }

  Found find(Scope scope) {
    Found found = new Found(new ArrayList<>(), new LinkedHashMap<>(), new ArrayList<>());
    if (whole.isPresent()) findAll(whole.get(), scope, found);
    for (Entry entry : entries) find(entry, scope, found);
    return found;
  }

  private void find(Entry entry, Scope scope, Found found) {
    try {
      add(found, entry.key(), entry.expr().value(scope), entry.flags());
    } catch (EvalError e) {
      found.raised("dep " + entry.key(), e);
    }
  }

  private void findAll(Expr function, Scope scope, Found found) {
    try {
      Object value = function.value(scope);
      if (value instanceof Map<?, ?> map) {
        map.forEach((key, dep) -> add(found, String.valueOf(key), dep, DepFlags.ESSENTIAL));
      } else if (value != null) {
        found.complaints().add("deps: the function gave " + Python.literal(value) + ", which is no dict");
      }
    } catch (EvalError e) {
      found.raised("deps", e);
    }
  }

  /** A value is a name, None, or {@code {"name":…,"flags":…}}, which is what Python gives. */
  private void add(Found found, String key, Object value, int defaults) {
    Object name = value;
    int flags = defaults;
    if (value instanceof JsonObject given) {
      name = given.get("name");
      flags = both(defaults, Digest.integer(given, "flags", 0));
    }
    String text = Python.str(name);
    found.values().put(key, text);
    if (name == null) return;
    // The interpreter is a dep when it is ours; one of the system is none.
    if ((key.equals("shell") || key.equals("python")) && text.startsWith("/") && !manifest.inSourceDir(text)) return;
    Optional<String> complaint = complaint(text);
    if (complaint.isPresent()) found.complaints().add("dep " + key + ": " + complaint.get());
    else found.deps().add(new StaticDep(key, text, flags | ALWAYS));
  }

  /** Flags given beside a function and by it. Essential is what a dep is unless one of them says it is not. */
  private static int both(int a, int b) {
    return (a | b) & ~DepFlags.ESSENTIAL | a & b & DepFlags.ESSENTIAL;
  }

  /** What is wrong with the name of a dep. */
  private Optional<String> complaint(String name) {
    if (name.isEmpty()) return Optional.of("the name is empty");
    if (name.endsWith("/")) return Optional.of("'" + name + "' ends with /\n  consider: " + trimmed(name));
    boolean outside = name.startsWith("/") || name.startsWith("../");
    if (!canonical(outside && name.startsWith("../") ? belowUps(name) : outside ? name.substring(1) : name)) {
      return Optional.of("'" + name + "' is not canonical" + advice(name));
    }
    if (outside && !manifest.inSourceDir(name)) {
      return Optional.of("'" + name + "' is neither in the repo nor below a source dir, as the manifest spells it");
    }
    if (name.startsWith("LMAKE/lmake/")) return Optional.of("'" + name + "' is private to lmake");
    return Optional.empty();
  }

  private static String belowUps(String name) {
    String rest = name;
    while (rest.startsWith("../")) rest = rest.substring(3);
    return rest;
  }

  /** Whether the name, relative to some dir, has no component that is empty or dots. */
  static boolean canonical(String name) {
    for (int from = 0; from <= name.length(); ) {
      int slash = name.indexOf('/', from);
      int end = slash < 0 ? name.length() : slash;
      int length = end - from;
      if (length == 0) return false;
      if (name.charAt(from) == '.' && (length == 1 || length == 2 && name.charAt(from + 1) == '.')) return false;
      from = end + 1;
    }
    return true;
  }

  private static String advice(String name) {
    String better = java.nio.file.Path.of(name.replace("\0", "")).normalize().toString();
    return better.isEmpty() || better.equals(name) ? "" : "\n  consider: " + better;
  }

  private static String trimmed(String name) {
    int end = name.length();
    while (end > 0 && name.charAt(end - 1) == '/') end--;
    return end == 0 ? "the name of a file" : name.substring(0, end);
  }
}

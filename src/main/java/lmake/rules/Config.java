package lmake.rules;

import com.grack.nanojson.JsonArray;
import com.grack.nanojson.JsonObject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import lmake.base.Bug;
import lmake.base.ExitCode;
import lmake.base.UserError;

/** {@code lmake.config} as the reader gave it, checked. Immutable. */
public final class Config {
  /** One MiB: memory and disk space are counted by it. */
  static final long MIB = 1 << 20;

  private static final List<String> LINK_SUPPORTS = List.of("none", "file", "full", "full_ext");

  private final JsonObject fields;
  private final JsonObject console;
  private final int linkSupport;
  private final Map<String, List<Pattern>> collectIgnore;
  private final Map<String, Long> localCapacities;

  private Config(JsonObject fields) throws UserError {
    this.fields = fields;
    console = Digest.object(fields, "console");
    linkSupport = linkSupport(Digest.text(fields, "link_support", "full"));
    collectIgnore = ignore(Digest.object(Digest.object(fields, "collect"), "ignore"));
    localCapacities = capacities(Digest.object(Digest.object(fields, "backends"), "local"));
  }

  /**
   * From the config line of a digest.
   *
   * @throws UserError when a capacity is no quantity, or a feature is asked that is not there
   */
  static Config of(JsonObject line) throws UserError {
    return new Config(line);
  }

  /** What holds when the makefiles say nothing; there are no capacities. */
  public static Config defaults() {
    try {
      return new Config(new JsonObject());
    } catch (UserError e) {
      throw Bug.of("defaults are refused: %s", e.getMessage());
    }
  }

  private static int linkSupport(String word) throws UserError {
    int known = LINK_SUPPORTS.indexOf(word);
    if (known >= 0) return known;
    throw refused("lmake.config.link_support: '" + word + "' is not supported\n  consider: one of " + LINK_SUPPORTS);
  }

  private static Map<String, Long> capacities(JsonObject local) throws UserError {
    Map<String, Long> capacities = new LinkedHashMap<>();
    for (Map.Entry<String, Object> entry : local.entrySet()) {
      String name = entry.getKey();
      if (name.equals("environ") || name.equals("domain_name") || entry.getValue() == null) continue;
      String text = entry.getValue().toString();
      var amount = Quantity.parse(text);
      if (amount.isEmpty()) {
        throw refused(
            "lmake.config.backends.local." + name + ": '" + text + "' is no quantity\n  consider: a number and a unit, as 4G");
      }
      long unit = unit(name);
      capacities.put(name, amount.get().divideToIntegralValue(java.math.BigDecimal.valueOf(unit)).longValue());
    }
    return Collections.unmodifiableMap(capacities);
  }

  private static Map<String, List<Pattern>> ignore(JsonObject patterns) {
    Map<String, List<Pattern>> ignore = new LinkedHashMap<>();
    for (String key : patterns.keySet()) {
      List<Pattern> all = new ArrayList<>();
      for (Object one : Digest.array(patterns, key)) {
        all.add(Pattern.compile(Digest.text((JsonObject) one, "regex"), Pattern.DOTALL));
      }
      ignore.put(key, all);
    }
    return ignore;
  }

  /** The entry of {@code collect.ignore} for which a file or a dir is left alone by {@code lcollect}. */
  public Optional<String> collectIgnores(String name) {
    for (Map.Entry<String, List<Pattern>> entry : collectIgnore.entrySet()) {
      for (Pattern pattern : entry.getValue()) if (pattern.matcher(name).matches()) return Optional.of(entry.getKey());
    }
    return Optional.empty();
  }

  /** In what a resource is counted. */
  static long unit(String resource) {
    return resource.equals("mem") || resource.equals("tmp") ? MIB : 1;
  }

  private static UserError refused(String message) {
    return new UserError(ExitCode.BAD_MAKEFILE, message);
  }

  /** Longest name that may be built, in characters. */
  public int pathMax() {
    return Digest.integer(fields, "path_max", 200);
  }

  /** Longest chain of static deps. */
  public int maxDepDepth() {
    return Digest.integer(fields, "max_dep_depth", 100);
  }

  public int maxErrorLines() {
    return Digest.integer(fields, "max_error_lines", 100);
  }

  /** 0 none, 1 file, 2 full. */
  public int linkSupport() {
    return linkSupport;
  }

  /** Nanoseconds. */
  public long datePrecisionNs() {
    return Math.round(Digest.real(fields, "disk_date_precision", 0.01) * 1e9);
  }

  /** Nanoseconds: how late a message between hosts may be. */
  public long networkDelayNs() {
    return Math.round(Digest.real(fields, "network_delay", 1) * 1e9);
  }

  /** Nice value of jobs. */
  public int nice() {
    return Digest.integer(fields, "nice", 0);
  }

  /** Capacities of the local backend: cpu, mem (MiB), tmp (MiB), any other name. */
  public Map<String, Long> localCapacities() {
    return localCapacities;
  }

  /** Environment of the local backend: where a variable whose value is {@code ...} comes from. */
  public Map<String, String> localEnviron() {
    Map<String, String> environ = new LinkedHashMap<>();
    JsonObject local = Digest.object(Digest.object(fields, "backends"), "local");
    Digest.object(local, "environ").forEach((key, value) -> environ.put(key, String.valueOf(value)));
    return Collections.unmodifiableMap(environ);
  }

  /** Digits after the second in time stamps, -1 = no time stamp. */
  public int consoleDatePrecision() {
    return console.has("date_precision") && console.get("date_precision") == null
        ? -1
        : Digest.integer(console, "date_precision", 0);
  }

  /** Whether the title tells the time left. */
  public boolean consoleShowEte() {
    return Digest.bool(console, "show_ete", true);
  }

  /** Whether the title tells when it will be over. */
  public boolean consoleShowEta() {
    return Digest.bool(console, "show_eta", false);
  }

  public boolean consoleHasExecTime() {
    return Digest.bool(console, "has_exec_time", true);
  }

  /** Days transcripts are kept; 0 = none are. */
  public int consoleHistoryDays() {
    return console.has("history_days") && console.get("history_days") == null
        ? 0
        : Digest.integer(console, "history_days", 7);
  }

  /** Light then dark colour of a name: {r,g,b,r,g,b}; black then white for a name without a colour. */
  public int[] color(String name) {
    JsonArray pair = Digest.array(Digest.object(fields, "colors"), name);
    int[] color = {0, 0, 0, 255, 255, 255};
    if (pair.size() != 2) return color;
    for (int i = 0; i < color.length; i++) color[i] = pair.getArray(i / 3).getInt(i % 3);
    return color;
  }

  /** All fields as the digest has them: for {@code LMAKE/config}, where people look. */
  public Map<String, Object> fields() {
    return Collections.unmodifiableMap(fields);
  }
}

package lmake.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lmake.graph.TargetFlags;
import lmake.rules.RuleBook;
import lmake.rules.RuleSketch;

/**
 * A random project: layers of rules whose jobs read what a source tells them to read, and the slow obvious model of what a
 * build from nothing gives. Names: {@code s} sources, {@code c} sources that list what a job reads, {@code g} static targets,
 * {@code o} optional ones, {@code d} star ones, {@code z} files that mostly do not exist.
 */
final class SimWorld implements SimProject {
  /** What one rule does; stems are at most one, X. */
  static final class SimRule {
    String name;
    int layer;
    double prio;
    Pattern pattern; // of all targets; group 1 is X
    List<String> statics = new ArrayList<>(); // static deps, with {X}
    boolean optional;
    boolean star;
    boolean fallback; // makes one file of an optional or star target of a higher rule
    int modulo;
    boolean fails;
    int version;

    boolean match(String file) {
      return pattern.matcher(file).matches();
    }

    String stem(String file) {
      Matcher matcher = pattern.matcher(file);
      matcher.matches();
      return matcher.group(1);
    }
  }

  /** What a job did: files written, or null in error. */
  record Outcome(Map<String, String> files, boolean error, boolean stepsAside) {}

  /** What stands at a name after a build from nothing. */
  record Expected(String content, boolean error) {}

  final List<SimRule> rules = new ArrayList<>();
  final TreeSet<String> sources = new TreeSet<>();
  final RuleSketch.Ids ids = new RuleSketch.Ids();
  private final Random random;
  private final int layers;

  SimWorld(Random random) {
    this.random = random;
    this.layers = 2 + random.nextInt(4);
    for (int i = 0; i < 4; i++) sources.add("s" + i);
    for (int layer = 0; layer < layers; layer++) makeLayer(layer);
  }

  private void makeLayer(int layer) {
    SimRule rule = new SimRule();
    rule.name = "R" + layer;
    rule.layer = layer;
    rule.optional = random.nextInt(3) == 0;
    rule.star = !rule.optional && random.nextInt(3) == 0;
    rule.modulo = new int[] {1, 2, 3, 1000}[random.nextInt(4)];
    rule.fails = random.nextInt(5) == 0;
    if (random.nextBoolean()) rule.statics.add("s" + random.nextInt(4));
    if (layer > 0 && random.nextInt(3) == 0) rule.statics.add(lower(layer, "{X}"));
    rule.pattern = Pattern.compile("(?:g|o|d)" + layer + "_([ab])(?:/[0-9])?");
    rules.add(rule);
    if ((rule.optional || rule.star) && random.nextBoolean()) {
      SimRule fallback = new SimRule();
      fallback.name = "F" + layer;
      fallback.layer = layer;
      fallback.prio = -1;
      fallback.fallback = true;
      fallback.optional = rule.optional;
      fallback.star = rule.star;
      fallback.modulo = 1000;
      fallback.pattern = Pattern.compile(rule.optional ? "o" + layer + "_([ab])" : "d" + layer + "_([ab])/1");
      rules.add(fallback);
    }
    sources.add("c" + layer);
  }

  private String lower(int layer, String stem) {
    int j = random.nextInt(layer);
    return switch (random.nextInt(4)) {
      case 0 -> "o" + j + "_" + stem;
      case 1 -> "d" + j + "_" + stem + "/" + random.nextInt(3);
      default -> "g" + j + "_" + stem;
    };
  }

  /** A new text for a source. */
  String content(String source) {
    if (source.charAt(0) != 'c') return "v" + random.nextInt(4);
    int layer = source.charAt(1) - '0';
    StringBuilder text = new StringBuilder();
    for (int n = random.nextInt(4); n > 0; n--) {
      String name =
          switch (random.nextInt(5)) {
            case 0 -> "s" + random.nextInt(4);
            case 1 -> "z" + random.nextInt(3);
            default -> layer == 0 ? "s" + random.nextInt(4) : lower(layer, random.nextBoolean() ? "a" : "b");
          };
      // With a question mark, only whether it exists is looked at.
      text.append(name).append(random.nextInt(4) == 0 ? "? " : " ");
    }
    return text.toString();
  }

  /** A file that could be asked for. */
  String anyTarget() {
    int layer = random.nextInt(layers);
    return lower(layer + 1, random.nextBoolean() ? "a" : "b").replaceFirst("[0-9]", "" + layer);
  }

  @Override
  public RuleBook book() {
    List<RuleSketch> sketches = new ArrayList<>();
    for (SimRule rule : rules) sketches.add(sketch(rule));
    return RuleSketch.book(sketches, sources, ids, (code, text, vars) -> null);
  }

  private static RuleSketch sketch(SimRule rule) {
    RuleSketch sketch = RuleSketch.rule(rule.name).stem("X", "[ab]").prio(rule.prio).cmd("v" + rule.version);
    int n = rule.layer;
    if (rule.fallback) {
      sketch.target("T", rule.optional ? "o" + n + "_{X}" : "d" + n + "_{X}/1");
    } else {
      sketch.target("G", "g" + n + "_{X}");
      if (rule.optional) sketch.target("O", "o" + n + "_{X}", TargetFlags.OPTIONAL);
      if (rule.star) sketch.target("D", "d" + n + "_{X}/{N*:[0-9]}");
    }
    for (int i = 0; i < rule.statics.size(); i++) sketch.dep("D" + i, rule.statics.get(i));
    return sketch;
  }

  SimRule rule(String name) {
    return rules.stream().filter(rule -> rule.name.equals(name)).findFirst().orElseThrow();
  }

  @Override
  public Map<String, String> recipe(String rule, String stem, Function<String, String> read) {
    return recipe(rule(rule), stem, read);
  }

  /** Names of the static deps of a job. */
  static List<String> statics(SimRule rule, String stem) {
    return rule.statics.stream().map(dep -> dep.replace("{X}", stem)).toList();
  }

  /**
   * The recipe: what is written, or null when it fails. {@code read} gives contents, null when absent, and is called in the
   * order in which the job reads.
   */
  static Map<String, String> recipe(SimRule rule, String stem, Function<String, String> reader) {
    Function<String, String> read =
        name -> {
          String content = reader.apply(name);
          return name.endsWith("?") && content != null ? "there" : content;
        };
    long hash = 31 * rule.version + 7;
    for (String dep : statics(rule, stem)) hash = mix(hash, read.apply(dep));
    if (!rule.fallback) {
      String list = read.apply("c" + rule.layer);
      hash = mix(hash, list);
      if (list != null) for (String name : list.strip().split(" +")) if (!name.isEmpty()) hash = mix(hash, read.apply(name));
    }
    int value = Math.floorMod(hash, 1_000_003);
    if (rule.fails && value % 4 == 0) return null;
    Map<String, String> files = new LinkedHashMap<>();
    if (rule.fallback) {
      files.put(rule.optional ? "o" + rule.layer + "_" + stem : "d" + rule.layer + "_" + stem + "/1", "f" + value % 1000);
      return files;
    }
    String text = value % 5 == 0 ? "" : "x" + value % rule.modulo;
    files.put("g" + rule.layer + "_" + stem, text);
    if (rule.optional && value % 2 == 0) files.put("o" + rule.layer + "_" + stem, text);
    if (rule.star) for (int i = 0; i < value % 3; i++) files.put("d" + rule.layer + "_" + stem + "/" + i, text + i);
    return files;
  }

  private static long mix(long hash, String content) {
    return hash * 1_000_003 + (content == null ? 17 : SimDisk.crc(content) % 1_000_000_007L);
  }

  // --- the slow obvious model

  /** What a build from nothing gives, from the sources of this disk alone. */
  final class Clean {
    private final SimDisk disk;
    private final Map<String, Expected> files = new HashMap<>();
    private final Map<String, Outcome> jobs = new HashMap<>();

    Clean(SimDisk disk) {
      this.disk = disk;
    }

    Expected file(String name) {
      Expected known = files.get(name);
      if (known != null) return known;
      Expected made = make(name);
      files.put(name, made);
      return made;
    }

    private Expected make(String name) {
      if (sources.contains(name)) return new Expected(disk.read(name), disk.read(name) == null);
      List<SimRule> order = new ArrayList<>(rules);
      order.sort(Comparator.comparingDouble(rule -> -rule.prio));
      for (SimRule rule : order) {
        if (!rule.match(name) || !targetOf(rule, name)) continue;
        Outcome outcome = job(rule, rule.stem(name));
        if (outcome.stepsAside()) continue;
        if (outcome.error()) return new Expected(null, true);
        if (outcome.files().containsKey(name)) return new Expected(outcome.files().get(name), false);
      }
      return new Expected(null, false);
    }

    private Outcome job(SimRule rule, String stem) {
      String key = rule.name + " " + stem;
      Outcome known = jobs.get(key);
      if (known != null) return known;
      Outcome made = run(rule, stem);
      jobs.put(key, made);
      return made;
    }

    private Outcome run(SimRule rule, String stem) {
      boolean error = false;
      for (String dep : statics(rule, stem)) {
        Expected expected = file(dep);
        error |= expected.error();
        if (expected.content() == null && !expected.error()) return new Outcome(Map.of(), false, true);
      }
      boolean[] bad = {error};
      Map<String, String> files =
          recipe(
              rule,
              stem,
              name -> {
                Expected expected = file(name.replace("?", ""));
                bad[0] |= expected.error();
                return expected.content();
              });
      return new Outcome(files, bad[0] || files == null, false);
    }
  }

  /** Whether the file is one the rule declares. */
  static boolean targetOf(SimRule rule, String name) {
    char kind = name.charAt(0);
    return rule.fallback || kind == 'g' || (kind == 'o' && rule.optional) || (kind == 'd' && rule.star && name.contains("/"));
  }
}

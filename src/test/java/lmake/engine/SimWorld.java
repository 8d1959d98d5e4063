package lmake.engine;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lmake.base.Bug;
import lmake.base.UserError;
import lmake.engine.Event.FileKind;
import lmake.graph.DepFlags;
import lmake.graph.TargetFlags;
import lmake.rules.RuleBook;
import lmake.rules.RuleSketch;

/**
 * A random project: layers of rules whose jobs do what a source tells them to do. Names, with the layer n and the stem X:
 *
 * <pre>
 *   s0…s3      sources                               gn_X     static target, maybe executable or incremental
 *   cn         source: what jobs of the layer do     on_X     optional target
 *   z0…z2      sources that mostly do not exist      dn_X/i   star targets
 *   da/f0 …    sources in dirs                       ln_X     target that is a link
 *   k, k2      sources that are links                pn_X     phony target
 *   wn_X       source that a job writes              vn_X     target of two rules, of which one has its static dep
 *                                                    qn_X     side target, which another rule may make for good
 *                                                    un       written by jobs that have no right to
 * </pre>
 *
 * Words of {@code cn}, a file with a sign behind it: none read, {@code ?} probed, {@code @} link text read, {@code !} built first,
 * {@code ^} told about, {@code +} required, {@code *} critical; {@code a|b} are named together; {@code %} and {@code %%} ask whether
 * deps are up to date.
 */
final class SimWorld implements SimProject {
  /** What may be met in a project; each one is drawn, and taken away again to find out which of them a failure needs. */
  enum Feature {
    LINKS,
    KINDS, // executable, phony, incremental, source_ok
    ASKS,
    FLAGS, // critical, required, parallel
    POLLUTION,
    RESOURCES,
    FLAKY,
    LOSSES,
    COARSE,
    RULE_CHANGES,
    CYCLES,
    COMMANDS, // several at once, with options
    UPHILL // with LINKS: files are reached through what some job makes a link to a dir of, or a file
  }

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
    boolean owner; // makes the side target of another rule
    boolean choice; // one of two rules for one file
    boolean link;
    boolean phony;
    boolean exec;
    boolean incremental;
    boolean sourceOk;
    boolean side;
    boolean owned; // another rule makes the side target for good
    boolean removed;
    int stray; // 0 none, 1 a file of nobody, 2 the target of another job
    int cpu = 1;
    int modulo;
    boolean fails;
    int version;

    /** All that makes a difference to the makefiles. */
    @Override
    public String toString() {
      return name + " v" + version + " prio " + prio + " cpu " + cpu + " deps " + statics + (optional ? " optional" : "")
          + (star ? " star" : "") + (link ? " link" : "") + (phony ? " phony" : "") + (incremental ? " incremental" : "")
          + (sourceOk ? " source_ok" : "") + (side ? " side" : "");
    }

    String stem(String file) {
      Matcher matcher = pattern.matcher(file);
      return matcher.matches() ? matcher.group(1) : null;
    }
  }

  static final int CPUS = 2;

  /** Lines of the digest by what they say: most time of the simulator went into writing them anew. */
  private static final Map<String, List<String>> LINES = new HashMap<>();

  final Set<Feature> features;
  final List<SimRule> rules = new ArrayList<>();
  final TreeSet<String> sources = new TreeSet<>();
  final RuleSketch.Ids ids = new RuleSketch.Ids();
  boolean calm; // nothing is flaky now
  private final Random luck; // of what happens in a build
  private final int layers;

  /** Rules of layers that are not kept do not exist. */
  SimWorld(long seed, Set<Feature> features, Set<Integer> kept, Random luck) {
    this.features = features;
    this.luck = luck;
    Random random = new Random(seed);
    layers = 2 + random.nextInt(4);
    for (int i = 0; i < 4; i++) sources.add("s" + i);
    if (has(Feature.LINKS)) sources.addAll(List.of("da/f0", "da/f1", "db/f0", "k", "k2"));
    for (int layer = 0; layer < layers; layer++) {
      sources.add("c" + layer);
      makeLayer(layer, new Random(seed * 31 + layer), kept.contains(layer));
    }
  }

  boolean has(Feature feature) {
    return features.contains(feature);
  }

  static Set<Feature> draw(long seed) {
    Random random = new Random(seed ^ 0x5DEECE66DL);
    Set<Feature> drawn = EnumSet.noneOf(Feature.class);
    for (Feature feature : Feature.values()) if (random.nextInt(5) < 2) drawn.add(feature);
    return drawn;
  }

  private void makeLayer(int layer, Random random, boolean kept) {
    SimRule rule = new SimRule();
    rule.name = "R" + layer;
    rule.layer = layer;
    rule.optional = random.nextInt(3) == 0;
    rule.star = !rule.optional && random.nextInt(3) == 0;
    rule.modulo = new int[] {1, 2, 3, 1000}[random.nextInt(4)];
    rule.fails = random.nextInt(5) == 0;
    if (random.nextBoolean()) rule.statics.add("s" + random.nextInt(4));
    if (layer > 0 && random.nextInt(3) == 0) rule.statics.add(lower(layer, "{X}", random));
    boolean kinds = has(Feature.KINDS);
    rule.exec = random.nextInt(3) == 0 && kinds;
    rule.phony = random.nextInt(3) == 0 && kinds;
    rule.incremental = random.nextInt(4) == 0 && kinds;
    rule.sourceOk = random.nextInt(4) == 0 && kinds;
    rule.link = random.nextInt(2) == 0 && has(Feature.LINKS);
    rule.side = random.nextInt(2) == 0 && has(Feature.POLLUTION);
    if (random.nextInt(3) == 0 && has(Feature.POLLUTION)) rule.stray = 1 + random.nextInt(2);
    rule.cpu = 1 + random.nextInt(CPUS);
    rule.pattern = Pattern.compile("(?:g|o|d|l|p)" + layer + "_([ab])(?:/[0-9])?");
    boolean fallback = random.nextBoolean();
    boolean owner = random.nextBoolean();
    if (!kept) return;
    rules.add(rule);
    if (rule.sourceOk) sources.addAll(List.of("w" + layer + "_a", "w" + layer + "_b"));
    if ((rule.optional || rule.star) && fallback) rules.add(fallback(rule));
    rule.owned = rule.side && owner;
    if (rule.owned) rules.add(owner(rule));
    if (layer > 0) return;
    rules.add(choice(rule, "V", 1, random.nextBoolean() ? "z0" : "s0"));
    rules.add(choice(rule, "U", -1, "s1"));
  }

  private static SimRule choice(SimRule rule, String name, double prio, String dep) {
    SimRule choice = new SimRule();
    choice.name = name + rule.layer;
    choice.layer = rule.layer;
    choice.choice = true;
    choice.prio = prio;
    choice.modulo = 1000;
    choice.statics.add(dep);
    choice.pattern = Pattern.compile("v" + rule.layer + "_([ab])");
    return choice;
  }

  private static SimRule fallback(SimRule rule) {
    SimRule fallback = new SimRule();
    int n = rule.layer;
    fallback.name = "F" + n;
    fallback.layer = n;
    fallback.prio = -1;
    fallback.fallback = true;
    fallback.optional = rule.optional;
    fallback.star = rule.star;
    fallback.modulo = 1000;
    fallback.pattern = Pattern.compile(rule.optional ? "o" + n + "_([ab])" : "d" + n + "_([ab])/1");
    return fallback;
  }

  private static SimRule owner(SimRule rule) {
    SimRule owner = new SimRule();
    owner.name = "Q" + rule.layer;
    owner.layer = rule.layer;
    owner.owner = true;
    owner.modulo = 1000;
    owner.statics.add("s1");
    owner.pattern = Pattern.compile("q" + rule.layer + "_([ab])");
    return owner;
  }

  private String lower(int layer, String stem, Random random) {
    int j = random.nextInt(layer);
    return switch (random.nextInt(8)) {
      case 0, 1 -> "o" + j + "_" + stem;
      case 2, 3 -> "d" + j + "_" + stem + "/" + random.nextInt(3);
      case 4 -> (has(Feature.LINKS) ? "l" : "g") + j + "_" + stem;
      case 5 -> (has(Feature.KINDS) ? "p" + j : has(Feature.POLLUTION) ? "g" + j : "v0") + "_" + stem;
      default -> "g" + j + "_" + stem;
    };
  }

  /** A new text for a source. */
  String content(String source, Random random) {
    if (source.equals("k")) return pick(random, "da", "db", "s1", "v0_a", "zz", "k2");
    if (source.equals("k2")) return pick(random, "k", "s0", "da", "v0_a");
    if (source.charAt(0) != 'c') return "v" + random.nextInt(4);
    int layer = source.charAt(1) - '0';
    StringBuilder text = new StringBuilder();
    for (int n = random.nextInt(4); n > 0; n--) text.append(word(layer, random)).append(' ');
    return text.toString();
  }

  static String pick(Random random, String... choices) {
    return choices[random.nextInt(choices.length)];
  }

  private String word(int layer, Random random) {
    String name = name(layer, random);
    if (has(Feature.ASKS) && random.nextInt(3) == 0) {
      return random.nextInt(6) == 0 ? pick(random, "%", "%%") : name + pick(random, "!", "!", "^", "^", "!");
    }
    if (has(Feature.FLAGS) && random.nextInt(3) == 0) {
      return random.nextInt(3) == 0 ? name + "|" + name(layer, random) : name + pick(random, "+", "*", "*");
    }
    if (has(Feature.LINKS) && random.nextInt(6) == 0) return name + "@";
    // With a question mark, only whether it exists is looked at.
    return name + (random.nextInt(4) == 0 ? "?" : "");
  }

  private String name(int layer, Random random) {
    int above = has(Feature.CYCLES) && random.nextInt(3) == 0 ? layers : layer;
    String stem = random.nextBoolean() ? "a" : "b";
    if (has(Feature.LINKS) && random.nextInt(3) == 0) {
      if (has(Feature.UPHILL) && above > 0 && random.nextInt(4) == 0) return "l" + random.nextInt(above) + "_" + stem + "/f0";
      return pick(random, "da/f0", "db/f0", "k/f0", "k", "k2", "k2/f0", "da/f1");
    }
    if (has(Feature.POLLUTION) && random.nextInt(8) == 0 && above > 0) return "q" + random.nextInt(above) + "_" + stem;
    return switch (random.nextInt(5)) {
      case 0 -> "s" + random.nextInt(4);
      case 1 -> "z" + random.nextInt(3);
      default -> above == 0 ? "s" + random.nextInt(4) : lower(above, stem, random);
    };
  }

  /** A file that could be asked for. */
  String anyTarget(Random random) {
    int layer = random.nextInt(layers);
    if (has(Feature.POLLUTION) && random.nextInt(4) == 0) return pick(random, "q" + layer, "v0") + "_" + (random.nextBoolean() ? "a" : "b");
    return lower(layer + 1, random.nextBoolean() ? "a" : "b", random).replaceFirst("[0-9]", "" + layer);
  }

  // --- what the makefiles say

  @Override
  public RuleBook book() {
    List<String> digest = RuleSketch.digest(List.of(), sources);
    for (SimRule rule : rules) if (!rule.removed) digest.addAll(LINES.computeIfAbsent(rule.toString(), key -> sketch(rule).lines()));
    String backends = has(Feature.RESOURCES) ? ",\"backends\":{\"local\":{\"cpu\":" + CPUS + "}}" : "";
    digest.set(1, "{\"kind\":\"config\",\"path_max\":200" + backends + "}");
    try {
      return RuleBook.parse(digest, ids, (code, text, vars) -> null);
    } catch (UserError e) {
      throw Bug.of("%s", e.getMessage());
    }
  }

  private static RuleSketch sketch(SimRule rule) {
    RuleSketch sketch = RuleSketch.rule(rule.name).stem("X", "[ab]").prio(rule.prio).cmd("v" + rule.version);
    int n = rule.layer;
    if (rule.fallback) {
      sketch.target("T", rule.optional ? "o" + n + "_{X}" : "d" + n + "_{X}/1");
    } else if (rule.choice) {
      sketch.target("V", "v" + n + "_{X}");
    } else if (rule.owner) {
      sketch.target("Q", "q" + n + "_{X}");
    } else {
      sketch.target("G", "g" + n + "_{X}", rule.incremental ? TargetFlags.INCREMENTAL : 0);
      if (rule.link) sketch.target("L", "l" + n + "_{X}");
      if (rule.phony) sketch.target("P", "p" + n + "_{X}", TargetFlags.PHONY);
      if (rule.optional) sketch.target("O", "o" + n + "_{X}", TargetFlags.OPTIONAL);
      if (rule.star) sketch.target("D", "d" + n + "_{X}/{N*:[0-9]}");
      if (rule.side) sketch.sideTarget("Q", "q" + n + "_{X}", TargetFlags.OPTIONAL);
      if (rule.sourceOk) sketch.sideTarget("W", "w" + n + "_{X}", TargetFlags.SOURCE_OK | TargetFlags.OPTIONAL);
    }
    for (int i = 0; i < rule.statics.size(); i++) sketch.dep("D" + i, rule.statics.get(i));
    return sketch.resource("cpu", "" + rule.cpu);
  }

  /** Whether the file is one the rule declares. */
  static boolean targetOf(SimRule rule, String name) {
    if (rule.removed || rule.stem(name) == null) return false;
    if (rule.fallback || rule.owner || rule.choice) return true;
    return switch (name.charAt(0)) {
      case 'g' -> !name.contains("/");
      case 'o' -> rule.optional && !name.contains("/");
      case 'l' -> rule.link && !name.contains("/");
      case 'p' -> rule.phony && !name.contains("/");
      default -> rule.star && name.contains("/");
    };
  }

  SimRule rule(String name) {
    return rules.stream().filter(rule -> rule.name.equals(name)).findFirst().orElseThrow();
  }

  /** Names of the static deps of a job. */
  static List<String> statics(SimRule rule, String stem) {
    return rule.statics.stream().map(dep -> dep.replace("{X}", stem)).toList();
  }

  // --- what jobs do

  @Override
  public boolean flaky(String rule) {
    return has(Feature.FLAKY) && !calm && luck.nextInt(12) == 0;
  }

  @Override
  public void play(String name, String stem, SimActs acts) {
    SimRule rule = rule(name);
    long hash = 31 * rule.version + 7;
    for (String dep : statics(rule, stem)) hash = mix(hash, acts.read(dep));
    if (rule.fallback || rule.owner || rule.choice) {
      String target = rule.choice ? "v" : rule.owner ? "q" : rule.optional ? "o" : "d";
      String file = target + rule.layer + "_" + stem + (rule.star ? "/1" : "");
      acts.write(file, "f" + Math.floorMod(hash, 1000), FileKind.REGULAR);
      return;
    }
    String list = acts.read("c" + rule.layer);
    hash = mix(hash, list);
    if (list != null) for (String word : list.strip().split(" +")) {
      if (!word.isEmpty() && !names(rule, stem, word)) hash = obey(word, hash, acts);
    }
    int value = Math.floorMod(hash, 1_000_003);
    if (rule.fails && value % 4 == 0) acts.fail();
    write(rule, stem, value, acts);
  }

  /** Whether a word is about a file the job makes itself, or says of a static dep what cannot be. */
  private static boolean names(SimRule rule, String stem, String word) {
    for (String name : word.split("[|?@!^+*%]")) {
      if (targetOf(rule, name) && rule.stem(name).equals(stem)) return true;
      // What it read would be made by another one for good, and lost as soon as it writes it.
      if (rule.owned && name.equals("q" + rule.layer + "_" + stem)) return true;
      // An error of a static dep is one whatever is said of it later.
      if (word.endsWith("^") && statics(rule, stem).contains(name)) return true;
    }
    return false;
  }

  private static long obey(String word, long hash, SimActs acts) {
    if (word.startsWith("%")) {
      acts.checkDeps(word.length() > 1);
      return hash;
    }
    if (word.contains("|")) {
      List<String> names = List.of(word.split("\\|"));
      acts.need(names, 0);
      long mixed = hash;
      for (String name : names) mixed = mix(mixed, acts.read(name));
      return mixed;
    }
    char sign = word.charAt(word.length() - 1);
    String name = Character.isLetterOrDigit(sign) ? word : word.substring(0, word.length() - 1);
    switch (sign) {
      case '?' -> {
        return mix(hash, acts.exists(name) ? "there" : null);
      }
      case '@' -> {
        return mix(hash, acts.readlink(name));
      }
      case '^' -> {
        String[] line = acts.tell(List.of(name), DepFlags.IGNORE_ERROR).get(0).split(" ");
        return mix(hash, line[0].equals("ok") ? line[1] : line[0]);
      }
      case '!' -> {
        return mix(mix(hash, "" + acts.build(List.of(name), 0)), acts.read(name));
      }
      case '+' -> acts.need(List.of(name), DepFlags.REQUIRED);
      case '*' -> acts.need(List.of(name), DepFlags.CRITICAL);
      default -> {}
    }
    return mix(hash, acts.read(name));
  }

  private void write(SimRule rule, String stem, int value, SimActs acts) {
    String id = rule.layer + "_" + stem;
    String text = value % 5 == 0 ? "" : "x" + value % rule.modulo;
    FileKind kind = rule.exec && value % 2 == 0 ? FileKind.EXECUTABLE : FileKind.REGULAR;
    if (!rule.incremental || kind != FileKind.REGULAR || !text.equals(acts.former("g" + id))) {
      if (rule.incremental) acts.unlink("g" + id);
      acts.write("g" + id, text, kind);
    }
    if (rule.optional && value % 2 == 0) acts.write("o" + id, text, FileKind.REGULAR);
    if (rule.phony && value % 3 == 0) acts.write("p" + id, text, FileKind.REGULAR);
    if (rule.link) acts.write("l" + id, linkText(rule, value), FileKind.LINK);
    if (rule.star) for (int i = 0; i < value % 3; i++) acts.write("d" + id + "/" + i, text + i, FileKind.REGULAR);
    if (rule.side && value % 3 != 0) acts.write("q" + id, text, FileKind.REGULAR);
    if (rule.sourceOk && !("w" + text).equals(acts.former("w" + id))) acts.write("w" + id, "w" + text, FileKind.REGULAR);
    if (rule.stray == 1 && value % 4 == 1) acts.write("u" + rule.layer, text, FileKind.REGULAR);
    // No job reads this one: what would undo what it goes by has no end.
    if (rule.stray == 2 && value % 4 == 1) acts.write("v0_b", text, FileKind.REGULAR);
  }

  /** A stray write makes the job wrong, whatever else it did. */
  static boolean strays(SimRule rule, String file) {
    return file.charAt(0) == 'u' || file.charAt(0) == 'v' && !rule.choice;
  }

  private String linkText(SimRule rule, int value) {
    int choices = has(Feature.UPHILL) ? 5 : 3;
    return switch (value % choices) {
      case 0 -> "s" + value % 4;
      case 1 -> rule.layer > 0 ? "g" + (rule.layer - 1) + "_a" : "s1";
      case 2 -> "z" + value % 3;
      case 3 -> "da";
      default -> "db";
    };
  }

  private static long mix(long hash, String content) {
    return hash * 1_000_003 + (content == null ? 17 : SimDisk.crc(content) % 1_000_000_007L);
  }
}

package lmake.rules;

import com.grack.nanojson.JsonObject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import lmake.base.Bug;
import lmake.base.ExitCode;
import lmake.base.UserError;

/** All that the makefiles said: rules, manifest, config. Immutable; matching is by (prefix, suffix) index, then by pattern. */
public final class RuleBook {
  /** Anti and source rules first, an anti one before a source one of the same prio; then plain ones; order of reading last. */
  private static final Comparator<Rule> MATCHING =
      Comparator.comparing((Rule rule) -> rule.special() == Rule.Special.PLAIN)
          .thenComparing(Comparator.comparingDouble(Rule::prio).reversed())
          .thenComparing(Rule::special);

  private final List<Rule> rules;
  private final Map<Integer, Rule> byId = new HashMap<>();
  private final Manifest manifest;
  private final Config config;
  private final Map<String, String> environUsed;
  private final String python;
  private final List<String> sysPath;
  private final NameIndex index;
  private final TargetEntry[] entries; // by rank
  private final Rule[] owners; // by rank
  private final long matchDigest;

  /** What a digest says besides its three parts. */
  private record Head(Map<String, String> environ, String python, List<String> sysPath) {}

  private RuleBook(List<Rule> read, Manifest manifest, Config config, Head head) {
    rules = read.stream().sorted(MATCHING).toList();
    this.manifest = manifest;
    this.config = config;
    environUsed = head.environ();
    python = head.python();
    sysPath = head.sysPath();
    List<TargetEntry> ranked = new ArrayList<>();
    List<Rule> owned = new ArrayList<>();
    for (Rule rule : rules) {
      byId.put(rule.id(), rule);
      for (TargetEntry target : rule.targets()) {
        ranked.add(target);
        owned.add(rule);
      }
    }
    entries = ranked.toArray(new TargetEntry[0]);
    owners = owned.toArray(new Rule[0]);
    index = new NameIndex(ranked);
    matchDigest = digest();
  }

  /**
   * From the lines of a digest (src/doc/digest.md), or of those of several passes, that of the rules last.
   *
   * @param evaluator for what is real Python in a rule
   * @param system what jobs run on, as far as it changes what any of them does
   * @throws UserError when two rules cannot live together, or the config asks for what there is not
   */
  public static RuleBook parse(List<String> digest, RuleIds ids, Evaluator evaluator, String system) throws UserError {
    Manifest manifest = new Manifest(List.of(), List.of());
    Config config = Config.defaults();
    Map<String, String> environ = new LinkedHashMap<>();
    Head head = new Head(Map.of(), "", List.of());
    Map<Integer, Expr.Code> codes = new HashMap<>();
    List<JsonObject> lines = new ArrayList<>();
    for (String text : digest) {
      if (text.isBlank()) continue;
      JsonObject line = Digest.line(text);
      switch (Digest.text(line, "kind")) {
        case "head" -> head = new Head(environ, Digest.text(line, "python", ""), Digest.texts(Digest.array(line, "sys_path")));
        case "config" -> config = Config.of(line);
        case "manifest" ->
            manifest = new Manifest(Digest.texts(Digest.array(line, "files")), Digest.texts(Digest.array(line, "dirs")));
        case "environ" -> Digest.object(line, "used").forEach((key, value) -> environ.put(key, (String) value));
        case "code" -> codes.put(Digest.integer(line, "id", -1), new Expr.Code(line, evaluator));
        case "rule" -> lines.add(line);
        case "split" -> {} // for who reads the makefiles
        default -> throw Bug.of("digest: unknown line %s", text);
      }
    }
    List<Rule> rules = new ArrayList<>();
    long site = Digest.mix(config.linkSupport(), system);
    for (String dir : manifest.dirs()) site = Digest.mix(site, dir);
    for (JsonObject line : lines) rules.add(new Rule(line, ids.idOf(Digest.crc(line, "match_crc")), codes, manifest, site));
    checkDistinct(rules);
    return new RuleBook(rules, manifest, config, head);
  }

  /** The same, of no system in particular: for tests and the simulator. */
  public static RuleBook parse(List<String> digest, RuleIds ids, Evaluator evaluator) throws UserError {
    return parse(digest, ids, evaluator, "");
  }

  /** For tests and the simulator. */
  public static RuleBook of(List<Rule> rules, Manifest manifest, Config config) {
    return new RuleBook(rules, manifest, config, new Head(Map.of(), "", List.of()));
  }

  /** The same, with files that are sources because the user froze them. */
  public RuleBook freezing(List<String> files) {
    if (files.isEmpty()) return this;
    return new RuleBook(rules, manifest.with(files), config, new Head(environUsed, python, sysPath));
  }

  private static void checkDistinct(List<Rule> rules) throws UserError {
    Map<String, Rule> names = new HashMap<>();
    Map<Long, Rule> matches = new HashMap<>();
    for (Rule rule : rules) {
      Rule homonym = names.put(rule.name(), rule);
      if (homonym != null) {
        throw refused(rule, "has the same name as the one at " + homonym.where() + "\n  consider: name = 'another name'");
      }
      Rule twin = matches.put(rule.matchCrc(), rule);
      if (twin != null) {
        throw refused(
            rule, "matches the same files with the same deps as rule " + twin.name() + " at " + twin.where()
                + "\n  consider: virtual = True for one of them, or another job_name");
      }
    }
  }

  private static UserError refused(Rule rule, String what) {
    return new UserError(ExitCode.BAD_MAKEFILE, rule.where() + ": rule " + rule.name() + " " + what);
  }

  /** In matching order. */
  public List<Rule> rules() {
    return rules;
  }

  /** Empty when no rule has this lasting id any more. */
  public Optional<Rule> rule(int id) {
    return Optional.ofNullable(byId.get(id));
  }

  public Manifest manifest() {
    return manifest;
  }

  public Config config() {
    return config;
  }

  /** Variables of the user's environment that the makefiles looked at; a null value for one that was not set. */
  public Map<String, String> environUsed() {
    return Collections.unmodifiableMap(environUsed);
  }

  /** The interpreter that read the makefiles, an absolute name; empty for a book made by a test. */
  public String python() {
    return python;
  }

  /** Dirs out of the repo where Python values find modules: arguments of the evaluator. */
  public List<String> sysPath() {
    return sysPath;
  }

  /**
   * Rules that could make this file: anti and source rules first, then plain ones by decreasing prio; each rule once, with the
   * first of its targets that matches.
   */
  public List<Candidate> candidates(String name) {
    int[] ranks = index.ranks(name);
    Candidate first = null; // alone nearly always
    List<Candidate> several = null;
    Rule last = null;
    for (int rank : ranks) {
      if (owners[rank] == last) continue;
      String[] stems = entries[rank].find(name);
      if (stems == null) continue;
      last = owners[rank];
      Candidate candidate = new Candidate(last, entries[rank], stems);
      if (first == null) {
        first = candidate;
        continue;
      }
      if (several == null) several = new ArrayList<>(List.of(first));
      several.add(candidate);
    }
    if (first == null) return List.of();
    return several == null ? List.of(first) : Collections.unmodifiableList(several);
  }

  /** Changes when what {@link #candidates} or the manifest say may have changed: set of rules, prios, sources, path_max. */
  public long matchDigest() {
    return matchDigest;
  }

  private long digest() {
    long hash = Digest.mix(config.pathMax(), config.maxDepDepth());
    Rule before = null;
    for (Rule rule : rules) {
      // Only the order of prios matters, not what they are.
      boolean tied = before != null && before.prio() == rule.prio() && before.special() == rule.special();
      hash = Digest.mix(Digest.mix(hash, rule.matchCrc()), rule.special().ordinal() * 2 + (tied ? 1 : 0));
      before = rule;
    }
    for (String file : manifest.files()) hash = Digest.mix(hash, file);
    for (String dir : manifest.dirs()) hash = Digest.mix(hash, dir);
    return hash;
  }
}

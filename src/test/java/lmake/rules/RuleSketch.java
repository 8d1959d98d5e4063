package lmake.rules;

import com.grack.nanojson.JsonArray;
import com.grack.nanojson.JsonObject;
import com.grack.nanojson.JsonWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import lmake.base.Bug;
import lmake.base.UserError;
import lmake.graph.DepFlags;
import lmake.graph.TargetFlags;

/**
 * Writes digest lines for tests and the simulator from compact calls. Patterns are as users write them ({@code {File:.*}.o},
 * {@code {File}.d/{N*:[0-9]+}}), regular expressions in the part of the syntax that Java and Python share. Static stems are
 * those of the first target, in order of appearance.
 *
 * <pre>
 *   RuleBook book = RuleSketch.book(
 *       List.of(RuleSketch.rule("Compile").target("OBJ", "{File:.*}.o").dep("SRC", "{File}.c").cmd("cc")),
 *       List.of("a.c"));
 * </pre>
 */
public final class RuleSketch {
  private record Entry(String key, String pattern, int flags, int depFlags) {}

  private record Parsed(JsonArray parts, String regex, JsonArray groups, boolean star) {}

  private final String name;
  private final JsonObject line = new JsonObject();
  private final JsonObject attrs = new JsonObject();
  private final Map<String, String> stems = new LinkedHashMap<>(); // regex by name, by name* for a star stem
  private final List<Entry> targets = new ArrayList<>();
  private final List<Entry> sideTargets = new ArrayList<>();
  private final List<Entry> sideDeps = new ArrayList<>();
  private final JsonArray deps = new JsonArray();
  private final Map<Integer, JsonObject> codes = new LinkedHashMap<>();
  private String jobName;

  private RuleSketch(String name) {
    this.name = name;
    line.put("kind", "rule");
    line.put("name", name);
    line.put("file", "Lmakefile.py");
    line.put("line", 1);
    line.put("special", "plain");
    line.put("prio", 0);
    line.put("cmd", constant("true"));
    attrs.put("retried_errors", JsonArray.from("job_error", "termination_error", "timeout"));
  }

  public static RuleSketch rule(String name) {
    return new RuleSketch(name);
  }

  public static RuleSketch anti(String name, String pattern) {
    RuleSketch rule = new RuleSketch(name).target("T0", pattern).prio(Double.POSITIVE_INFINITY);
    rule.line.put("special", "anti");
    return rule;
  }

  public static RuleSketch source(String name, String pattern) {
    RuleSketch rule = new RuleSketch(name).target("T0", pattern).prio(Double.POSITIVE_INFINITY);
    rule.line.put("special", "source");
    return rule;
  }

  /** A stem that patterns then use without a regular expression. */
  public RuleSketch stem(String stem, String regex) {
    stems.put(stem, regex);
    return this;
  }

  public RuleSketch target(String key, String pattern, int... flags) {
    targets.add(new Entry(key, pattern, or(flags), 0));
    return this;
  }

  public RuleSketch sideTarget(String key, String pattern, int... flags) {
    sideTargets.add(new Entry(key, pattern, or(flags), 0));
    return this;
  }

  /** {@code flags} are dep flags. */
  public RuleSketch sideDep(String key, String pattern, int... flags) {
    sideDeps.add(new Entry(key, pattern, or(flags), 0));
    return this;
  }

  /** A static dep; the template knows {@code {Stem}} and {@code {KEY}}. */
  public RuleSketch dep(String key, String template, int... flags) {
    deps.add(object("key", key, "expr", template(template), "flags", or(flags) | DepFlags.ESSENTIAL));
    return this;
  }

  /** A static dep given by Python. */
  public RuleSketch depCode(String key, int code, String text, String... vars) {
    deps.add(object("key", key, "expr", code(code, text, vars), "flags", DepFlags.ESSENTIAL));
    return this;
  }

  public RuleSketch prio(double prio) {
    line.put("prio", Double.isInfinite(prio) ? (prio > 0 ? "inf" : "-inf") : (Object) prio);
    return this;
  }

  public RuleSketch jobName(String pattern) {
    jobName = pattern;
    return this;
  }

  /** A shell command; the template knows stems, keys of targets, deps and resources. */
  public RuleSketch cmd(String template) {
    line.put("cmd", template(template));
    return this;
  }

  /** An attribute of the rule, as {@code force}. */
  public RuleSketch attr(String key, Object value) {
    attrs.put(key, value);
    return this;
  }

  public RuleSketch resource(String key, String template) {
    return in("resources", key, template(template));
  }

  public RuleSketch environ(String key, String template) {
    return in("environ", key, template(template));
  }

  /** Any field of the digest, where no call of this class does. */
  public RuleSketch put(String field, Object value) {
    line.put(field, value);
    return this;
  }

  /** {@code {"code":id}}, with its line. */
  public JsonObject code(int id, String text, String... vars) {
    codes.put(id, object("kind", "code", "id", id, "text", text, "vars", new JsonArray(Arrays.asList(vars))));
    return object("code", id);
  }

  private RuleSketch in(String field, String key, Object value) {
    JsonObject map = line.getObject(field);
    if (map == null) line.put(field, map = new JsonObject());
    map.put(key, value);
    return this;
  }

  private static int or(int... flags) {
    return Arrays.stream(flags).reduce(0, (a, b) -> a | b);
  }

  static JsonObject object(Object... pairs) {
    JsonObject object = new JsonObject();
    for (int i = 0; i < pairs.length; i += 2) object.put((String) pairs[i], pairs[i + 1]);
    return object;
  }

  static JsonObject constant(String text) {
    return object("const", text);
  }

  /** {@code {"tmpl":…}} or {@code {"const":…}}. */
  static JsonObject template(String text) {
    JsonArray parts = new JsonArray();
    StringBuilder literal = new StringBuilder();
    boolean names = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '{' && !text.startsWith("{{", i)) {
        int end = text.indexOf('}', i);
        parts.add(literal.toString());
        parts.add(object("v", text.substring(i + 1, end)));
        literal.setLength(0);
        names = true;
        i = end;
      } else {
        literal.append(c);
        if (c == '{' || c == '}') i++;
      }
    }
    parts.add(literal.toString());
    return names ? object("tmpl", parts) : constant(literal.toString());
  }

  /** Lines of the digest: code first, the rule last. */
  public List<String> lines() {
    Map<String, Integer> numbers = new LinkedHashMap<>();
    String first = jobName != null ? jobName : targets.get(0).pattern();
    scan(first, numbers, false);
    int staticCount = numbers.size();
    scan(first, numbers, true);
    for (List<Entry> list : List.of(targets, sideTargets, sideDeps)) {
      for (Entry entry : list) scan(entry.pattern(), numbers, true);
    }
    JsonArray stemList = new JsonArray();
    for (String stem : numbers.keySet()) {
      boolean star = stem.endsWith("*");
      String bare = star ? stem.substring(0, stem.length() - 1) : stem;
      String regex = stems.getOrDefault(stem, stems.get(bare));
      Bug.check(regex != null, "%s: stem %s has no regular expression", name, stem);
      stemList.add(new JsonArray(Arrays.asList(bare, regex, star)));
    }
    line.put("stems", stemList);
    line.put("n_static", staticCount);
    line.put("job_name", parse(first, numbers, stemList).parts());
    line.put("targets", entries(targets, numbers, stemList));
    line.put("side_targets", entries(sideTargets, numbers, stemList));
    line.put("side_deps", entries(sideDeps, numbers, stemList));
    if (!line.has("deps")) line.put("deps", deps);
    line.put("attrs", attrs);
    crcs();
    List<String> lines = new ArrayList<>();
    codes.values().forEach(code -> lines.add(JsonWriter.string(code)));
    lines.add(JsonWriter.string(line));
    return lines;
  }

  private void crcs() {
    String match = "";
    for (String field : List.of("special", "stems", "job_name", "targets", "deps")) {
      match += field + JsonWriter.string(line.get(field));
    }
    String cmd = match;
    for (String field : List.of("cmd", "python", "shell", "environ", "side_targets", "side_deps")) {
      cmd += field + JsonWriter.string(line.get(field));
    }
    line.putIfAbsent("match_crc", hash(match));
    line.putIfAbsent("cmd_crc", hash(cmd + attrs.get("force")));
    line.putIfAbsent("rsrc_crc", hash(JsonWriter.string(line.get("resources")) + JsonWriter.string(attrs)));
  }

  private static String hash(String text) {
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < text.length(); i++) hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
    return String.format("%016x", hash);
  }

  /** Numbers stems in order of appearance: static ones when {@code stars} is false, else star ones. */
  private void scan(String pattern, Map<String, Integer> numbers, boolean stars) {
    int unnamed = 0;
    for (int i = 0; (i = open(pattern, i)) >= 0; i = close(pattern, i)) {
      Stem stem = stem(pattern, i, unnamed);
      if (stem.unnamed()) unnamed++;
      if (stem.regex() != null) stems.put(stem.id(), stem.regex());
      if (stem.star() == stars) numbers.putIfAbsent(stem.id(), numbers.size());
    }
  }

  private record Stem(String id, String regex, boolean unnamed) {
    boolean star() {
      return id.endsWith("*");
    }
  }

  private static Stem stem(String pattern, int open, int unnamed) {
    String inside = pattern.substring(open + 1, close(pattern, open) - 1);
    int colon = inside.indexOf(':');
    String id = (colon < 0 ? inside : inside.substring(0, colon)).strip();
    boolean anonymous = id.isEmpty() || id.equals("*");
    if (id.isEmpty()) id = "<stem" + (unnamed + 1) + ">";
    if (id.equals("*")) id = "<star" + inside.hashCode() + open + ">*";
    return new Stem(id, colon < 0 ? null : inside.substring(colon + 1), anonymous);
  }

  private static int open(String pattern, int from) {
    for (int i = from; i < pattern.length(); i++) {
      if (pattern.startsWith("{{", i) || pattern.startsWith("}}", i)) i++;
      else if (pattern.charAt(i) == '{') return i;
    }
    return -1;
  }

  /** Behind the brace that closes the one here. */
  private static int close(String pattern, int open) {
    int depth = 0;
    int i = open;
    do {
      if (pattern.charAt(i) == '{') depth++;
      if (pattern.charAt(i) == '}') depth--;
      i++;
    } while (depth > 0);
    return i;
  }

  private Parsed parse(String pattern, Map<String, Integer> numbers, JsonArray stemList) {
    JsonArray parts = new JsonArray();
    JsonArray groups = new JsonArray();
    StringBuilder regex = new StringBuilder();
    Map<String, Integer> groupOf = new HashMap<>();
    int group = 0;
    int unnamed = 0;
    boolean star = false;
    int from = 0;
    for (int open; (open = open(pattern, from)) >= 0; from = close(pattern, open)) {
      text(pattern.substring(from, open), parts, regex);
      Stem stem = stem(pattern, open, unnamed);
      if (stem.unnamed()) unnamed++;
      int number = numbers.get(stem.id());
      parts.add(number);
      star |= stem.star();
      if (groupOf.containsKey(stem.id())) {
        regex.append("(?:\\").append(groupOf.get(stem.id())).append(')');
        continue;
      }
      String inner = stemList.getArray(number).getString(1);
      groupOf.put(stem.id(), ++group);
      groups.add(new JsonArray(Arrays.asList(number, group)));
      group += Pattern.compile(inner).matcher("").groupCount();
      regex.append('(').append(inner).append(')');
    }
    text(pattern.substring(from), parts, regex);
    return new Parsed(parts, regex.toString(), groups, star);
  }

  private static void text(String raw, JsonArray parts, StringBuilder regex) {
    String text = raw.replace("{{", "{").replace("}}", "}");
    if (text.isEmpty()) return;
    parts.add(text);
    for (int i = 0; i < text.length(); i++) {
      if ("\\^$.|?*+()[]{}&-".indexOf(text.charAt(i)) >= 0) regex.append('\\');
      regex.append(text.charAt(i));
    }
  }

  private JsonArray entries(List<Entry> list, Map<String, Integer> numbers, JsonArray stemList) {
    JsonArray statics = new JsonArray();
    JsonArray stars = new JsonArray();
    for (Entry entry : list) {
      Parsed parsed = parse(entry.pattern(), numbers, stemList);
      JsonArray parts = parsed.parts();
      Object first = parts.isEmpty() ? "" : parts.get(0);
      Object last = parts.isEmpty() ? "" : parts.get(parts.size() - 1);
      int essential = parsed.star() || list != targets ? 0 : TargetFlags.ESSENTIAL;
      JsonObject json = object(
          "key", entry.key(), "parts", parts, "flags", entry.flags() | essential, "dep_flags", entry.depFlags(),
          "star", parsed.star(), "regex", parsed.regex(), "groups", parsed.groups(),
          "prefix", first instanceof String s ? s : "", "suffix", last instanceof String s ? s : "");
      (parsed.star() ? stars : statics).add(json);
    }
    statics.addAll(stars);
    return statics;
  }

  /** A whole digest with a default config. */
  public static List<String> digest(List<RuleSketch> rules, Collection<String> sources) {
    List<String> lines = new ArrayList<>();
    lines.add(JsonWriter.string(object("kind", "head", "version", 1, "python", "/usr/bin/python3", "reader", "1")));
    lines.add(JsonWriter.string(object("kind", "config", "path_max", 200)));
    JsonArray files = new JsonArray();
    JsonArray dirs = new JsonArray();
    for (String source : sources) (source.endsWith("/") ? dirs : files).add(source);
    lines.add(JsonWriter.string(object("kind", "manifest", "files", files, "dirs", dirs)));
    lines.add(JsonWriter.string(object("kind", "environ", "used", new JsonObject())));
    for (RuleSketch rule : rules) lines.addAll(rule.lines());
    return lines;
  }

  /** A book whose rules have ids from 1, in the order given; Python in it is a bug of the test. */
  public static RuleBook book(List<RuleSketch> rules, Collection<String> sources) {
    return book(rules, sources, new Ids(), (code, text, vars) -> {
      throw Bug.of("no Python here: %s", text);
    });
  }

  /** A book that keeps the ids of rules seen before with the same {@code ids}. */
  public static RuleBook book(List<RuleSketch> rules, Collection<String> sources, RuleIds ids, Evaluator evaluator) {
    try {
      return RuleBook.parse(digest(rules, sources), ids, evaluator);
    } catch (UserError e) {
      throw Bug.of("%s", e.getMessage());
    }
  }

  /** Lasting ids in memory. */
  public static final class Ids implements RuleIds {
    private final Map<Long, Integer> ids = new HashMap<>();

    @Override
    public int idOf(long matchCrc) {
      return ids.computeIfAbsent(matchCrc, crc -> ids.size() + 1);
    }
  }
}

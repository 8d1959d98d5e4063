package lmake.rules;

import com.grack.nanojson.JsonArray;
import com.grack.nanojson.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import lmake.base.Bug;
import lmake.graph.TargetFlags;

/**
 * An entry of {@code targets}, {@code side_targets} or {@code side_deps}: a pattern, its key and its flags. Immutable.
 *
 * <p>A name is first compared with the literal texts of the pattern, which settles most cases for a few nanoseconds; a pattern
 * whose only variable part is {@code .*} or {@code .+} never needs its regular expression.
 */
public final class TargetEntry {
  private final String key;
  private final Object[] parts; // String for literal text, Integer for a stem
  private final int flags;
  private final int depFlags;
  private final boolean star;
  private final Pattern regex;
  private final int[] groupStems;
  private final int[] groupNumbers;
  private final String prefix;
  private final String suffix;
  private final String[] between; // literal texts between stems, in order
  private final int shortest;
  private final int wildStem; // the only stem, when all it must do is to hold this many characters, else -1
  private final int wildShortest;
  private final Stems stems;

  /** Which field an entry stands in. */
  enum Kind {
    TARGET,
    SIDE_TARGET,
    SIDE_DEP
  }

  TargetEntry(JsonObject entry, Stems stems, Kind kind) {
    this.stems = stems;
    key = Digest.text(entry, "key");
    parts = parts(Digest.array(entry, "parts"));
    star = Digest.bool(entry, "star", false);
    int fixed = (star ? 0 : TargetFlags.STATIC) | (kind == Kind.TARGET ? TargetFlags.OFFICIAL : 0);
    int given = Digest.integer(entry, "flags", 0);
    // The flags of a side dep are those of a dep.
    flags = (kind == Kind.SIDE_DEP ? 0 : given & ~(TargetFlags.STATIC | TargetFlags.OFFICIAL)) | fixed;
    depFlags = Digest.integer(entry, "dep_flags", 0) | (kind == Kind.SIDE_DEP ? given : 0);
    regex = Pattern.compile(Digest.text(entry, "regex"), Pattern.DOTALL);
    JsonArray groups = Digest.array(entry, "groups");
    groupStems = new int[groups.size()];
    groupNumbers = new int[groups.size()];
    for (int i = 0; i < groupStems.length; i++) {
      groupStems[i] = groups.getArray(i).getInt(0);
      groupNumbers[i] = groups.getArray(i).getInt(1);
    }
    prefix = Digest.text(entry, "prefix", "");
    suffix = Digest.text(entry, "suffix", "");
    between = between();
    shortest = literalLength();
    wildStem = wildStem();
    wildShortest = wildStem >= 0 && stems.regex(wildStem).equals(".+") ? 1 : 0;
  }

  private static Object[] parts(JsonArray from) {
    Object[] parts = new Object[from.size()];
    for (int i = 0; i < parts.length; i++) {
      Object part = from.get(i);
      Bug.check(part instanceof String || part instanceof Number, "digest: strange part %s", part);
      parts[i] = part instanceof Number n ? (Object) n.intValue() : part;
    }
    return parts;
  }

  private String[] between() {
    List<String> texts = new ArrayList<>();
    for (int i = 1; i < parts.length - 1; i++) if (parts[i] instanceof String s) texts.add(s);
    return texts.toArray(new String[0]);
  }

  private int literalLength() {
    int length = 0;
    for (Object part : parts) if (part instanceof String s) length += s.length();
    return length;
  }

  private int wildStem() {
    int stem = -1;
    for (Object part : parts) {
      if (!(part instanceof Integer i)) continue;
      if (stem >= 0) return -1;
      stem = i;
    }
    boolean wild = stem >= 0 && (stems.regex(stem).equals(".*") || stems.regex(stem).equals(".+"));
    // Text on both sides must be whole literal ends, else the middle is not the stem.
    return wild && prefix.length() + suffix.length() == shortest ? stem : -1;
  }

  public String key() {
    return key;
  }

  /** Bits of {@link lmake.graph.TargetFlags}; STATIC when it has no star, OFFICIAL for an entry of target/targets. */
  public int flags() {
    return flags;
  }

  /** True for an entry of target/targets. */
  public boolean official() {
    return (flags & TargetFlags.OFFICIAL) != 0;
  }

  /** Bits of {@link lmake.graph.DepFlags} that apply when the file turns out to be a dep. */
  public int depFlags() {
    return depFlags;
  }

  /** True when one job covers several files. */
  public boolean star() {
    return star;
  }

  /** What every name that matches begins with. */
  String prefix() {
    return prefix;
  }

  /** What every name that matches ends with. */
  String suffix() {
    return suffix;
  }

  /** Values of the rule's static stems when the whole name matches; one the pattern does not use is an empty text. */
  public Optional<String[]> match(String name) {
    String[] values = find(name);
    return values == null ? Optional.empty() : Optional.of(values);
  }

  /** As {@link #match}, null for no match: called for each name and rule, so it allocates only what it gives back. */
  String[] find(String name) {
    int length = name.length();
    if (length < shortest || !name.endsWith(suffix) || !name.startsWith(prefix)) return null;
    if (wildStem >= 0) {
      if (length < shortest + wildShortest) return null;
      String[] values = blank();
      if (!stems.star(wildStem)) values[wildStem] = name.substring(prefix.length(), length - suffix.length());
      return values;
    }
    // Far cheaper than the expression, which tries many ways before it gives up.
    int from = parts[0] instanceof String head ? head.length() : 0;
    for (String text : between) {
      int at = name.indexOf(text, from);
      if (at < 0) return null;
      from = at + text.length();
    }
    Matcher matcher = regex.matcher(name);
    if (!matcher.matches()) return null;
    String[] values = blank();
    for (int i = 0; i < groupStems.length; i++) {
      if (!stems.star(groupStems[i])) values[groupStems[i]] = matcher.group(groupNumbers[i]);
    }
    return values;
  }

  private String[] blank() {
    String[] values = new String[stems.staticCount()];
    Arrays.fill(values, "");
    return values;
  }

  /** Whether the name matches with these very static stems. */
  public boolean matches(String name, String[] values) {
    if (!star) return name.equals(name(values));
    if (name.length() < shortest || !name.startsWith(prefix) || !name.endsWith(suffix)) return false;
    if (!name.startsWith(head(values))) return false;
    String[] found = find(name);
    if (found == null) return false;
    return same(found, values) || StemFixer.fix(regex, groupsOf(values)).matcher(name).matches();
  }

  /** The name up to the first star. */
  private String head(String[] values) {
    StringBuilder head = new StringBuilder();
    for (Object part : parts) {
      if (part instanceof Integer stem && stems.star(stem)) break;
      head.append(part instanceof Integer stem ? values[stem] : (String) part);
    }
    return head.toString();
  }

  private boolean same(String[] found, String[] values) {
    for (int stem : groupStems) if (!stems.star(stem) && !found[stem].equals(values[stem])) return false;
    return true;
  }

  /** What each group must hold; null for the groups of star stems and of the user. */
  private String[] groupsOf(String[] values) {
    String[] held = new String[regex.matcher("").groupCount() + 1];
    for (int i = 0; i < groupStems.length; i++) {
      if (!stems.star(groupStems[i])) held[groupNumbers[i]] = values[groupStems[i]];
    }
    return held;
  }

  /** The file name; only for entries without a star. */
  public String name(String[] values) {
    Bug.check(!star, "%s stands for several files", key);
    return fill(values);
  }

  /** The dir, without its slash, that all its files have in common and that depends on no star stem; "" for the root. */
  String dir(String[] values) {
    String head = head(values);
    return head.substring(0, Math.max(0, head.lastIndexOf('/')));
  }

  /** Whether what the static stems make of it, its dir for a star entry, is the canonical name of what may be in the repo. */
  boolean local(String[] values) {
    if (parts.length == 1 && parts[0] instanceof String) return true; // seen when the makefiles were read
    String name = star ? dir(values) : fill(values);
    if (star && name.isEmpty()) return true; // no name that is asked for or written begins with a slash
    return StaticDeps.canonical(name) && !name.equals("LMAKE/lmake") && !name.startsWith("LMAKE/lmake/");
  }

  /** Whether some of its files may lie below the dir, or need it. */
  boolean mayBeBelow(String dir, String[] values) {
    String head = head(values);
    String below = dir + "/";
    return head.startsWith(below) || star && below.startsWith(head);
  }

  /** The name with static stems filled in; star stems as {@code {X*}}, unnamed ones as {@code {*}}. */
  String fill(String[] values) {
    return fill(parts, stems, values);
  }

  static String fill(Object[] parts, Stems stems, String[] values) {
    if (parts.length == 1 && parts[0] instanceof String s) return s;
    StringBuilder name = new StringBuilder();
    for (Object part : parts) {
      if (part instanceof String s) name.append(s);
      else if (!stems.star((Integer) part)) name.append(values[(Integer) part]);
      else name.append('{').append(stems.named((Integer) part) ? stems.name((Integer) part) : "").append("*}");
    }
    return name.toString();
  }

  static Object[] partsOf(JsonObject rule, String field) {
    return parts(Digest.array(rule, field));
  }

  Object[] parts() {
    return parts;
  }

  @Override
  public String toString() {
    return key + ":" + regex;
  }
}

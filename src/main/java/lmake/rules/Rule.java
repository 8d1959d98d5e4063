package lmake.rules;

import com.grack.nanojson.JsonArray;
import com.grack.nanojson.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import lmake.base.Bug;
import lmake.graph.JobStatus;

/** One rule. Immutable. A job of it is given by the values of its static stems, in the order of the rule. */
public final class Rule {
  /** Which of the three kinds of rules it is. */
  public enum Special {
    PLAIN,
    ANTI,
    SOURCE
  }

  private final int id;
  private final String name;
  private final String where;
  private final Special special;
  private final double prio;
  private final long matchCrc;
  private final long cmdCrc;
  private final long rsrcCrc;
  private final Stems stems;
  private final Object[] jobName;
  private final List<TargetEntry> targets;
  private final List<TargetEntry> sideTargets;
  private final List<TargetEntry> sideDeps;
  private final List<TargetEntry> writable; // in the order in which they speak for a file that is written
  private final List<TargetEntry> readable; // and for one that is read
  private final Map<String, TargetEntry> entries;
  private final StaticDeps deps;
  private final Attrs attrs;
  private final Recipe recipe;
  private final Set<String> retried;

  /** {@code site} stands for what of the config, of the manifest and of the system changes what any command does. */
  Rule(JsonObject line, int id, Map<Integer, Expr.Code> codes, Manifest manifest, long site) {
    this.id = id;
    name = Digest.text(line, "name");
    where = Digest.text(line, "file", "Lmakefile.py") + ":" + Digest.integer(line, "line", 0);
    special = Special.valueOf(Digest.text(line, "special", "plain").toUpperCase(Locale.ROOT));
    prio = Digest.real(line, "prio", 0);
    matchCrc = Digest.crc(line, "match_crc");
    cmdCrc = Digest.mix(Digest.crc(line, "cmd_crc"), site);
    rsrcCrc = Digest.crc(line, "rsrc_crc");
    stems = Stems.of(line);
    targets = entries(line, "targets", TargetEntry.Kind.TARGET);
    sideTargets = entries(line, "side_targets", TargetEntry.Kind.SIDE_TARGET);
    sideDeps = entries(line, "side_deps", TargetEntry.Kind.SIDE_DEP);
    jobName = line.has("job_name") ? TargetEntry.partsOf(line, "job_name") : targets.get(0).parts();
    writable = staticsFirst(List.of(targets, sideTargets));
    readable = staticsFirst(List.of(targets, sideTargets, sideDeps));
    entries = new HashMap<>();
    for (TargetEntry entry : readable) entries.put(entry.key(), entry);
    deps = StaticDeps.of(line, codes, manifest);
    attrs = Attrs.of(Digest.object(line, "attrs"), codes);
    recipe = Recipe.of(line, codes);
    retried = new HashSet<>(Digest.texts(Digest.array(Digest.object(line, "attrs"), "retried_errors")));
  }

  private List<TargetEntry> entries(JsonObject line, String field, TargetEntry.Kind kind) {
    JsonArray json = Digest.array(line, field);
    List<TargetEntry> list = new ArrayList<>(json.size());
    for (Object entry : json) list.add(new TargetEntry(Digest.object(entry), stems, kind));
    return List.copyOf(list);
  }

  private static List<TargetEntry> staticsFirst(List<List<TargetEntry>> lists) {
    List<TargetEntry> all = new ArrayList<>();
    for (List<TargetEntry> list : lists) for (TargetEntry entry : list) if (!entry.star()) all.add(entry);
    for (List<TargetEntry> list : lists) for (TargetEntry entry : list) if (entry.star()) all.add(entry);
    return List.copyOf(all);
  }

  /** Lasting id, from 1. */
  public int id() {
    return id;
  }

  public String name() {
    return name;
  }

  /** Where the class statement stands: {@code Lmakefile.py:14}. */
  public String where() {
    return where;
  }

  public Special special() {
    return special;
  }

  /** May be infinite. */
  public double prio() {
    return prio;
  }

  /** Digest of what makes it the same rule as before. */
  public long matchCrc() {
    return matchCrc;
  }

  /** Digest of what reruns its jobs: its own part, link_support, source dirs and the system. */
  public long cmdCrc() {
    return cmdCrc;
  }

  /** Digest of what reruns its jobs in error. */
  public long rsrcCrc() {
    return rsrcCrc;
  }

  /** In matching order: static ones first. */
  public List<TargetEntry> targets() {
    return targets;
  }

  public List<TargetEntry> sideTargets() {
    return sideTargets;
  }

  /** Dirs the job finds when it starts: those of its targets and side targets, as far as they depend on no star stem. */
  public List<String> dirs(String[] values) {
    Set<String> dirs = new LinkedHashSet<>();
    for (TargetEntry entry : writable) dirs.add(entry.dir(values));
    dirs.remove("");
    return List.copyOf(dirs);
  }

  /** Whether its job may write below the dir. */
  public boolean mayWriteBelow(String dir, String[] values) {
    return writable.stream().anyMatch(entry -> entry.mayBeBelow(dir, values));
  }

  public List<TargetEntry> sideDeps() {
    return sideDeps;
  }

  /** Names of the static stems, in order; an unnamed one has a name that is no identifier. */
  public List<String> stemNames() {
    return stems.staticNames();
  }

  public boolean force() {
    return attrs.bool("force", false);
  }

  /** Executions of one job in one req, 0 = no limit. */
  public int maxRuns() {
    return attrs.integer("max_runs", 0);
  }

  /** Submissions of one job in one req; never less than {@link #maxRuns}. */
  public int maxSubmits() {
    return Math.max(attrs.integer("max_submits", 10), maxRuns());
  }

  public int maxRetriesOnLost() {
    return attrs.integer("max_retries_on_lost", 1);
  }

  /** Seconds a job runs before a start line is said. */
  public double startDelay(String[] values) {
    return manner("start_delay", values, 3);
  }

  /** Lines of stderr that are shown, 0 = all. */
  public int maxStderrLines(String[] values) {
    return (int) manner("max_stderr_len", values, 100);
  }

  /** How a job is talked about: never worth an error, the job runs all the same. */
  private double manner(String attribute, String[] values, double fallback) {
    try {
      return attrs.real(attribute, Scope.of(this, values), fallback);
    } catch (Evaluator.EvalError e) {
      return fallback;
    }
  }

  /** Whether {@code lmake -r} retries a job that ended so. */
  public boolean retries(JobStatus status) {
    return retried.contains(status.name().toLowerCase(Locale.ROOT));
  }

  /** As shown: job_name filled in, star stems as {@code {X*}}. */
  public String jobName(String[] values) {
    Bug.check(values.length == stems.staticCount(), "%s has %d stems, not %d", name, stems.staticCount(), values.length);
    return TargetEntry.fill(jobName, stems, values);
  }

  /**
   * The entry that speaks for a file in a job: static targets, static side targets, then star targets, star side targets; empty
   * when the job has no right to write it.
   */
  public Optional<TargetEntry> targetFor(String[] values, String file) {
    return first(writable, values, file);
  }

  /** The side_deps entry, or target entry, whose dep flags apply to a file read by the job. */
  public Optional<TargetEntry> sideDepFor(String[] values, String file) {
    return first(readable, values, file);
  }

  private static Optional<TargetEntry> first(List<TargetEntry> list, String[] values, String file) {
    for (TargetEntry entry : list) if (entry.matches(file, values)) return Optional.of(entry);
    return Optional.empty();
  }

  /** Static deps of a job, in order; empty Optional when they, or its targets, cannot be told: the rule steps aside. */
  public Optional<List<StaticDep>> staticDeps(String[] values) {
    if (misnamed(values).isPresent()) return Optional.empty();
    StaticDeps.Found found = deps.find(Scope.of(this, values));
    return found.complaints().isEmpty() ? Optional.of(found.deps()) : Optional.empty();
  }

  /** Why {@link #staticDeps} is empty: sentences for the user. Empty when nothing is wrong. */
  public List<String> whyNoDeps(String[] values) {
    List<String> complaints = deps.find(Scope.of(this, values)).complaints();
    Optional<TargetEntry> misnamed = misnamed(values);
    if (!complaints.isEmpty() || misnamed.isEmpty()) return complaints;
    String kind = misnamed.get().official() ? "target " : "side target ";
    return List.of(kind + misnamed.get().key() + ": '" + misnamed.get().fill(values) + "' is no canonical name in the repo");
  }

  /** A file that the job would be free to write, and lmake to clean, that its stems put out of the repo. */
  public Optional<TargetEntry> misnamed(String[] values) {
    for (TargetEntry entry : writable) if (!entry.local(values)) return Optional.of(entry);
    return Optional.empty();
  }

  /** Whether what computes them raised, rather than gave what is no name. */
  public boolean raisesForDeps(String[] values) {
    return deps.find(Scope.of(this, values)).raised();
  }

  /**
   * What a job asks of its backend.
   *
   * @param told of what is looked at to compute it
   * @throws EarlyError when it cannot be computed, is no quantity, or nothing is asked
   */
  public Resources resources(String[] values, Evaluation told) throws EarlyError {
    return recipe.resources(withDeps(values).telling(told));
  }

  /** Name of the backend a job runs on. */
  public String backend(String[] values) throws EarlyError {
    try {
      return attrs.text("backend", withDeps(values), "local");
    } catch (Evaluator.EvalError e) {
      throw EarlyError.of("backend", e);
    }
  }

  /** First guess of how long a job lasts, in seconds. */
  public double expectedSeconds() {
    return attrs.real("ete", 0);
  }

  /**
   * All that is needed to start a job.
   *
   * @param granted the values of {@link #resources}
   * @param told of what is looked at to compute it
   * @throws EarlyError when an attribute cannot be computed
   */
  public Launch launch(String[] values, Map<String, String> granted, LaunchEnv site, Evaluation told) throws EarlyError {
    return recipe.launch(withDeps(values).withResources(granted).telling(told), site);
  }

  private Scope withDeps(String[] values) {
    Scope scope = Scope.of(this, values);
    return scope.withDeps(deps.find(scope).values());
  }

  Stems stemTable() {
    return stems;
  }

  /** The entry of targets, side_targets or side_deps with this key, or null. */
  TargetEntry entry(String key) {
    return entries.get(key);
  }

  Attrs attrs() {
    return attrs;
  }

  @Override
  public String toString() {
    return name;
  }
}

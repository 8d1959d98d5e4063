package lmake.autodep;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lmake.graph.Accesses;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.JobResult;
import lmake.graph.JobStatus;
import lmake.graph.TargetFlags;
import lmake.rules.Candidate;
import lmake.rules.RuleBook;
import lmake.rules.StaticDep;
import lmake.wire.Access;
import lmake.wire.JobEnd;

/**
 * What became of a job: from the report of the agent to its status, deps and targets, and sentences that say what is wrong.
 * Pure but for the names it makes nodes of. Engine's thread, since it looks at the graph.
 *
 * <p>How the process ended counts first, then what it did that it may not, then targets that were in its way, then those that
 * are not there, then what it said on stderr: the first of these that is not right is the status, all of them are told.
 */
public final class Verdict {
  private final Case job;
  private final RuleBook rules;
  private final Graph graph;
  private final JobEnd end;
  private final JobStatus ending;
  private final WriteRight right;
  private final RunPatterns patterns;
  private final Set<String> statics = new HashSet<>();
  private final DepCollector deps;
  private final TargetCollector targets;
  private final List<String> forbidden = new ArrayList<>();
  private final List<String> preexisting = new ArrayList<>();
  private final List<Integer> pollutes = new ArrayList<>();

  private Verdict(Case job, RuleBook rules, Graph graph, JobEnd end) {
    this.job = job;
    this.rules = rules;
    this.graph = graph;
    this.end = end;
    ending = Ending.status(end);
    right = new WriteRight(rules, job.sourceOk());
    patterns = new RunPatterns(end.patterns());
    for (StaticDep dep : job.statics()) statics.add(dep.name());
    deps = new DepCollector(job, graph, rules);
    targets = new TargetCollector(job, graph, !worthless());
  }

  /**
   * Judges one execution.
   *
   * @param graph gives names their nodes, and the crc of static deps of a job that was not traced
   */
  public static JobResult judge(Case job, RuleBook rules, Graph graph, JobEnd end) {
    return new Verdict(job, rules, graph, end).result();
  }

  private JobResult result() {
    addStaticTargets();
    forbidden.addAll(patterns.complaints());
    for (Access access : end.accesses()) {
      Place place = Place.of(access.name(), rules.manifest());
      if (place != Place.NONE) look(Touched.of(access, place, job, patterns, statics.contains(access.name())));
    }
    boolean hasStderr = end.stderr().length > 0;
    List<String> messages = new ArrayList<>(Ending.messages(end, ending, job.timeoutMs()));
    messages.addAll(end.messages());
    JobStatus status = ending;
    boolean ran = !worthless() && ending != JobStatus.EARLY_ERROR && ending != JobStatus.CHK_DEPS;
    if (ran) status = status(hasStderr, messages);
    long execMs = Math.max(0, (end.end() - end.start()) / 1_000_000);
    return new JobResult(
        status, worthless() ? DepVector.EMPTY : deps.build(), targets.build(), messages, hasStderr,
        (int) Math.min(Integer.MAX_VALUE, execMs), pollutes);
  }

  /** True when the run is worth nothing. One ended by check_deps is worth what it taught of its deps. */
  private boolean worthless() {
    return ending == JobStatus.KILLED || ending == JobStatus.LOST;
  }

  private void addStaticTargets() {
    Map<String, Access> byName = new HashMap<>();
    for (Access access : end.accesses()) byName.put(access.name(), access);
    targets.addStatics(byName);
  }

  private JobStatus status(boolean hasStderr, List<String> messages) {
    JobStatus status = ending;
    messages.addAll(forbidden);
    if (status == JobStatus.OK && !forbidden.isEmpty()) status = JobStatus.FORBIDDEN;
    for (String name : preexisting) messages.add("target existed before job : " + name);
    // Nor does it stand that the job failed: what it found may be why.
    boolean ended = status == JobStatus.OK || status == JobStatus.JOB_ERROR;
    if (ended && !preexisting.isEmpty()) status = JobStatus.BAD_TARGET;
    if (status == JobStatus.OK) {
      for (String name : targets.missing()) messages.add("missing target : " + name);
      if (!targets.missing().isEmpty()) status = JobStatus.FORBIDDEN;
    }
    if (status == JobStatus.OK && hasStderr && !job.stderrOk()) {
      messages.add("non-empty stderr");
      messages.add("  consider : stderr_ok = True");
      status = JobStatus.FORBIDDEN;
    }
    return status;
  }

  private void look(Touched file) {
    if (file.listed()) checkListing(file);
    if (file.place() == Place.ROOT) return;
    if (file.place() == Place.SOURCE_DIR) {
      if (file.written()) deps.addWeak(file);
      else if (file.readCounts()) deps.add(file);
    } else if (file.written()) {
      write(file);
    } else if (keptTarget(file)) {
      targets.add(file);
    } else if (file.readCounts()) {
      if (ownTarget(file)) find(file);
      else deps.add(file);
    }
  }

  /** A target that is as the job wants it without having been written: an incremental one, or a phony one of a call. */
  private boolean keptTarget(Touched file) {
    if (file.statik()) return false;
    if (file.declared() && file.target(TargetFlags.INCREMENTAL)) {
      return file.exists() && !right.source(file.name()) && mine(file);
    }
    return file.allowed() != 0 && file.target(TargetFlags.PHONY);
  }

  /** No other job comes first to make this file. */
  private boolean mine(Touched file) {
    List<Candidate> candidates = rules.candidates(file.name());
    if (candidates.isEmpty()) return true;
    Candidate first = candidates.get(0);
    return first.rule().id() == job.rule().id() && Arrays.equals(first.stems(), job.stems());
  }

  /**
   * A file that this very job would have to make, were it a dep. It is removed before the job, so that what is read is its
   * absence, which holds each time the job runs; {@link #find} when nobody knew that it was there.
   */
  private boolean ownTarget(Touched file) {
    if (!file.declared() || !file.target(TargetFlags.OFFICIAL) || right.source(file.name())) return false;
    return file.target(TargetFlags.STATIC) || mine(file);
  }

  /** It was not removed, for the job had not made it: to be done, and the job to be run again. */
  private void find(Touched file) {
    if (!file.existed() || file.target(TargetFlags.STATIC) || file.target(TargetFlags.INCREMENTAL)) return;
    preexisting.add(file.name());
    targets.addFound(file);
  }

  private void write(Touched file) {
    boolean readFirst = file.allowed() == 0 || file.access().firstRead() < file.allowed() || right.source(file.name());
    boolean read = readFirst && file.readCounts();
    if (!file.exists() && !file.existed() && !file.statik()) {
      // Made and removed: nothing remains but that it was absent.
      if (read && !file.declared()) deps.add(file);
      return;
    }
    List<String> complaint = right.complaint(file);
    boolean source = right.source(file.name());
    if (file.statik()) {
      refuse(file, List.of("unexpected write to static dep : " + file.name()));
      if (source) deps.addAsLeft(file);
      else deps.add(file);
    } else if (!complaint.isEmpty()) {
      refuse(file, complaint);
      // That it was no link when it was opened is nothing to run again for.
      boolean matters = read && (file.kinds() != Accesses.L || file.has(Accesses.REQUIRED));
      if (matters && source) deps.addAsLeft(file);
      else if (matters) deps.add(file);
    } else if (file.mayWrite() || source) {
      writeAllowed(file, read, source);
    } else {
      writeUndeclared(file, read);
    }
    targets.add(file);
  }

  private void writeAllowed(Touched file, boolean read, boolean source) {
    boolean startsFromIt = file.target(TargetFlags.INCREMENTAL);
    if (source) {
      // The job runs until the source is as it would leave it.
      if (read && !startsFromIt) deps.add(file);
      return;
    }
    if (read && !file.declared()) {
      forbidden.add("write after read : " + file.name());
      forbidden.add("  consider : '" + file.name() + "' in side_targets, or ltarget before it is read");
      deps.add(file);
      return;
    }
    // Static targets were removed before, always: who finds one there was not seen writing it.
    boolean washed = file.target(TargetFlags.STATIC) && file.target(TargetFlags.OFFICIAL);
    if (file.access().firstSig() > 1 || file.access().firstSig() < 0) {
      if (file.exists() && !startsFromIt && !washed) preexisting.add(file.name());
    }
  }

  private void writeUndeclared(Touched file, boolean read) {
    if (file.exists()) {
      refuse(
          file,
          List.of(
              "unexpected write to " + file.name(),
              "  consider : '" + file.name() + "' in targets or side_targets, or ltarget " + file.name()));
    } else if (read) {
      refuse(file, List.of("write after read : " + file.name()));
    } else {
      pollutes.add(graph.node(file.name()));
    }
    if (read) deps.add(file);
  }

  private void refuse(Touched file, List<String> complaint) {
    forbidden.addAll(complaint);
    pollutes.add(graph.node(file.name()));
  }

  private void checkListing(Touched dir) {
    boolean free = dir.place() == Place.SOURCE_DIR || job.readdirOk() || (dir.depFlags() & DepFlags.READDIR_OK) != 0;
    if (free || dir.target(TargetFlags.INCREMENTAL)) return;
    String name = dir.place() == Place.ROOT ? "." : dir.name();
    forbidden.add("readdir without readdir_ok : " + name);
    forbidden.add("  consider : naming files instead of listing the dir, whose content depends on what was built");
    forbidden.add("  consider : side_deps = {'DIR': ('" + name + "', 'readdir_ok')}, or ldepend -D " + name);
    forbidden.add("  consider : readdir_ok = True");
  }

  /** How a process ended, by itself. */
  private static final class Ending {
    /** Signals a process gets for what it does, not for what others want. */
    private static final Map<Integer, String> OWN_SIGNALS =
        Map.of(4, "SIGILL", 5, "SIGTRAP", 6, "SIGABRT", 7, "SIGBUS", 8, "SIGFPE", 11, "SIGSEGV", 31, "SIGSYS");

    static JobStatus status(JobEnd end) {
      return switch (end.outcome()) {
        case EXITED -> end.waitStatus() == 0 ? JobStatus.OK : JobStatus.JOB_ERROR;
        case SIGNALED -> OWN_SIGNALS.containsKey(signal(end)) ? JobStatus.JOB_ERROR : JobStatus.LOST;
        case TIMEOUT -> JobStatus.TIMEOUT;
        case KILLED -> JobStatus.KILLED;
        case CHECK_DEPS -> JobStatus.CHK_DEPS;
        case NOT_STARTED -> JobStatus.EARLY_ERROR;
        case REFUSED -> JobStatus.FORBIDDEN;
      };
    }

    static List<String> messages(JobEnd end, JobStatus status, int timeoutMs) {
      return switch (end.outcome()) {
        case EXITED -> status == JobStatus.OK ? List.of() : List.of("exit status " + (end.waitStatus() >> 8 & 0xff));
        case SIGNALED -> status == JobStatus.LOST
            ? List.of("vanished after start, killed by signal " + signal(end))
            : List.of("killed by " + OWN_SIGNALS.get(signal(end)));
        case TIMEOUT -> List.of(String.format(java.util.Locale.ROOT, "timeout after %.3fs", timeoutMs / 1000.0));
        case KILLED, CHECK_DEPS -> List.of();
        case NOT_STARTED, REFUSED -> end.messages().isEmpty() ? List.of("agent does not say why") : List.of();
      };
    }

    private static int signal(JobEnd end) {
      return end.waitStatus() & 0x7f;
    }
  }
}

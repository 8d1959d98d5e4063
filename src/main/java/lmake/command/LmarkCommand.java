package lmake.command;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import lmake.base.ExitCode;
import lmake.base.UserError;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;
import lmake.graph.TargetVector;
import lmake.report.Jobs;
import lmake.report.Line;
import lmake.report.StatusLine;
import lmake.rules.RuleBook;

/** {@code lmark}: marks of the user on jobs and files. All arguments are checked before anything is marked. */
final class LmarkCommand implements Command {
  private final ToolSpec spec =
      new ToolSpec("lmark", "[file ...]")
          .common()
          .key("-a", "--add", "mark the arguments")
          .key("-d", "--delete", "take the mark from the arguments")
          .key("-l", "--list", "list what is marked, no argument is allowed")
          .key("-c", "--clear", "take the mark from all, no argument is allowed")
          .flag("-f", "--freeze", "mark : the job is not run and its targets are taken as they are")
          .flag("-t", "--no-trigger", "mark : changes of the file make no job run that was ok")
          .flag("-F", "--force", "freeze a job even though it may not be the one that ought to make the file");

  /** What is to be marked or not: jobs and files, in the order they are told. */
  private record Chosen(Set<Integer> jobs, Set<Integer> files) {
    Chosen() {
      this(new LinkedHashSet<>(), new LinkedHashSet<>());
    }
  }

  @Override
  public ToolSpec spec() {
    return spec;
  }

  @Override
  public void run(Context context) throws UserError {
    Options options = context.options();
    if (options.has("--freeze") == options.has("--no-trigger")) {
      throw new UserError(ExitCode.USAGE, "exactly one of --freeze and --no-trigger is needed");
    }
    boolean all = options.key().equals("--list") || options.key().equals("--clear");
    if (all && !options.operands().isEmpty()) throw new UserError(ExitCode.USAGE, options.key() + " needs no argument");
    if (!all) options.checkJob();
    if (options.has("--job") && options.has("--no-trigger")) {
      throw new UserError(ExitCode.USAGE, "no-trigger is a mark of files, not of jobs");
    }
    RuleBook book = context.book();
    context.startupLine();
    Jobs jobs = new Jobs(context.site().graph(), book);
    Chosen chosen = all ? marked(context) : chosen(context, jobs);
    if (options.key().equals("--list")) {
      list(context, jobs, chosen);
    } else {
      if (options.has("--freeze")) freeze(context, jobs, chosen);
      else noTrigger(context, chosen);
      if (!chosen.jobs.isEmpty() || !chosen.files.isEmpty()) context.site().commit();
    }
    context.session().exit(ExitCode.OK);
  }

  // --- what is meant

  private static Chosen marked(Context context) {
    Graph graph = context.site().graph();
    Chosen all = new Chosen();
    boolean freeze = context.options().has("--freeze");
    if (freeze) for (int job : graph.frozenJobs()) all.jobs.add(job);
    for (int node : graph.marked(freeze ? Graph.FROZEN : Graph.NO_TRIGGER)) all.files.add(node);
    return all;
  }

  private static Chosen chosen(Context context, Jobs jobs) throws UserError {
    Options options = context.options();
    boolean add = options.key().equals("--add");
    Chosen chosen = new Chosen();
    if (options.has("--job")) {
      int job = JobFinder.find(context, jobs);
      checkMarked(add, jobs.graph().frozen(job), jobs.name(job));
      chosen.jobs.add(job);
      return chosen;
    }
    for (String argument : options.operands()) {
      String name = Arguments.known(argument, context.place(), jobs.book().manifest());
      if (options.has("--no-trigger")) chooseFile(jobs.graph(), name, add, chosen);
      else if (add) toFreeze(context, jobs, name, chosen);
      else frozen(jobs, name, chosen);
    }
    return chosen;
  }

  private static void chooseFile(Graph graph, String name, boolean add, Chosen chosen) throws UserError {
    int known = graph.findNode(name);
    checkMarked(add, known != 0 && graph.has(known, Graph.NO_TRIGGER), name);
    chosen.files.add(graph.node(name));
  }

  private static void checkMarked(boolean add, boolean marked, String name) throws UserError {
    if (marked == add) throw refused(name + " is " + (add ? "already" : "not") + " marked");
  }

  private static void toFreeze(Context context, Jobs jobs, String name, Chosen chosen) throws UserError {
    Graph graph = jobs.graph();
    Optional<Integer> before = frozenJob(jobs, name);
    int node = graph.findNode(name);
    if (before.isPresent() || node != 0 && graph.has(node, Graph.FROZEN)) throw refused(name + " is already marked");
    if (jobs.isSource(name) || jobs.book().manifest().inSourceDir(name)) {
      throw refused("cannot freeze a source : " + name);
    }
    if (jobs.book().manifest().leadsToSource(name)) throw refused("cannot freeze a dir of sources : " + name);
    int actual = jobs.actual(name);
    int official = jobs.official(name);
    if (actual == 0 && official == 0) {
      chosen.files.add(graph.node(name));
      return;
    }
    boolean force = context.options().has("--force");
    if (actual == 0 && !force) {
      throw refused("no job is known to have made " + name + "\n  consider : lmake " + name + ", or lmark -F");
    }
    if (actual != official && actual != 0 && !force) {
      throw refused(name + " was made by another job than the one that ought to : " + jobs.name(actual)
          + "\n  consider : lmark -F");
    }
    chosen.jobs.add(actual != 0 ? actual : official);
  }

  private static void frozen(Jobs jobs, String name, Chosen chosen) throws UserError {
    Graph graph = jobs.graph();
    int node = graph.findNode(name);
    Optional<Integer> job = frozenJob(jobs, name);
    if (node != 0 && graph.has(node, Graph.FROZEN)) chosen.files.add(node);
    else chosen.jobs.add(job.orElseThrow(() -> refused(name + " is not marked")));
  }

  /** The frozen job that a file stands for: once edited, a file does not tell any more which job wrote it. */
  private static Optional<Integer> frozenJob(Jobs jobs, String name) {
    Graph graph = jobs.graph();
    int node = graph.findNode(name);
    List<Integer> candidates = jobs.candidates(name);
    for (int job : graph.frozenJobs()) {
      TargetVector targets = graph.targets(job);
      if (candidates.contains(job) || node != 0 && targets.find(node) >= 0) return Optional.of(job);
    }
    return Optional.empty();
  }

  // --- what is done

  private static void freeze(Context context, Jobs jobs, Chosen chosen) throws UserError {
    Site site = context.site();
    boolean add = context.options().key().equals("--add");
    if (!chosen.files.isEmpty() && site.busy()) throw refused("cannot freeze files while jobs are running");
    for (int job : chosen.jobs) {
      if (site.runs(job)) throw refused("job is running : " + jobs.name(job));
    }
    Graph graph = site.graph();
    for (int job : chosen.jobs) {
      graph.setFrozen(job, add);
      if (add) continue;
      graph.setStatus(job, JobStatus.NEW);
      graph.setReason(job, new RunReason(RunReason.Kind.NEVER_RUN, 0));
    }
    for (int node : chosen.files) graph.setFlag(node, Graph.FROZEN, add);
    if (!chosen.files.isEmpty()) site.marked();
    // Files are told when they are listed only.
    list(context, jobs, new Chosen(chosen.jobs, Set.of()));
  }

  private static void noTrigger(Context context, Chosen chosen) {
    boolean add = context.options().key().equals("--add");
    for (int node : chosen.files) {
      context.site().graph().setFlag(node, Graph.NO_TRIGGER, add);
      context.plain().print(file(context, "", node));
    }
  }

  private static void list(Context context, Jobs jobs, Chosen chosen) {
    boolean freeze = context.options().has("--freeze");
    int width = 0;
    for (int job : chosen.jobs) width = Math.max(width, jobs.ruleName(job).length());
    List<Line> lines = new ArrayList<>();
    for (int job : chosen.jobs) {
      lines.add(Line.of(StatusLine.pad(jobs.ruleName(job), width) + " ").name(jobs.name(job)));
    }
    String blank = freeze ? " ".repeat(width) + " " : "";
    for (int node : chosen.files) lines.add(file(context, blank, node));
    context.plain().print(lines);
  }

  private static Line file(Context context, String lead, int node) {
    String name = context.site().graph().name(node);
    boolean there = context.site().exists(name) && !context.site().isDir(name);
    return Line.of(lead + (there ? "" : "(not existing) ")).name(name);
  }

  private static UserError refused(String why) {
    return new UserError(ExitCode.FAIL, why);
  }
}

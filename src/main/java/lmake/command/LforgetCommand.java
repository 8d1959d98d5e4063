package lmake.command;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.TreeSet;
import lmake.base.ExitCode;
import lmake.base.UserError;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;
import lmake.graph.TargetFlags;
import lmake.graph.TargetVector;
import lmake.report.Jobs;
import lmake.report.Line;
import lmake.rules.Rule;
import lmake.rules.RuleBook;

/** {@code lforget}: makes jobs look never run. All that is asked is checked before anything is done. */
final class LforgetCommand implements Command {
  private final ToolSpec spec =
      new ToolSpec("lforget", "[file ...]")
          .common()
          .flag("-d", "--deps", "also forget hidden deps")
          .flag("-t", "--targets", "also forget star targets")
          .flag("-r", "--resources", "jobs that ran ok with other resources than today's become out of date");

  @Override
  public ToolSpec spec() {
    return spec;
  }

  @Override
  public void run(Context context) throws UserError {
    Options options = context.options().checkJob();
    Site site = context.site();
    if (!options.has("--resources")) {
      forget(context);
      return;
    }
    if (!options.operands().isEmpty()) throw new UserError(ExitCode.USAGE, "-r needs no argument");
    context.startupLine();
    if (site.busy()) throw new UserError(ExitCode.FAIL, "cannot forget resources while jobs are running");
    site.refresh(context.session(), () -> Commands.attempt(site, context.session(), this, () -> resources(context)));
  }

  private void forget(Context context) throws UserError {
    Site site = context.site();
    RuleBook book = context.book();
    context.startupLine();
    Jobs jobs = new Jobs(site.graph(), book);
    Set<Integer> chosen = new LinkedHashSet<>();
    if (context.options().has("--job")) {
      chosen.add(JobFinder.find(context, jobs));
    } else {
      for (String argument : context.options().operands()) {
        String name = Arguments.known(argument, context.place(), book.manifest());
        if (jobs.actual(name) != 0) chosen.add(jobs.actual(name));
        if (jobs.official(name) != 0) chosen.add(jobs.official(name));
      }
    }
    if (chosen.stream().anyMatch(site::runs)) {
      context.session().exit(ExitCode.FAIL);
      return;
    }
    for (int job : chosen) {
      forget(site.graph(), job);
      if (context.options().has("--deps")) forgetDeps(site.graph(), job);
      if (context.options().has("--targets")) forgetTargets(site.graph(), job);
    }
    if (!chosen.isEmpty()) site.commit();
    context.session().exit(ExitCode.OK);
  }

  private static void resources(Context context) throws UserError {
    Graph graph = context.site().graph();
    Jobs jobs = new Jobs(graph, context.book());
    Set<String> rules = new TreeSet<>();
    for (int job = 1; job <= graph.jobCount(); job++) {
      if (graph.status(job) != JobStatus.OK || jobs.rule(job).isEmpty()) continue;
      Rule rule = jobs.rule(job).get();
      if (graph.rsrcCrc(job) == rule.rsrcCrc()) continue;
      forget(graph, job);
      rules.add(rule.name());
    }
    if (!rules.isEmpty()) context.site().commit();
    for (String rule : rules) context.plain().print(Line.of("refresh " + rule));
    context.session().exit(ExitCode.OK);
  }

  private static void forget(Graph graph, int job) {
    graph.setStatus(job, JobStatus.NEW);
    graph.setReason(job, new RunReason(RunReason.Kind.NEVER_RUN, 0));
  }

  private static void forgetDeps(Graph graph, int job) {
    DepVector deps = graph.deps(job);
    DepVector.Builder kept = new DepVector.Builder();
    boolean inGroup = false;
    for (int i = 0; i < deps.size(); i++) {
      boolean parallel = deps.has(i, DepVector.PARALLEL);
      if (!parallel) inGroup = false;
      if ((deps.flags(i) & DepFlags.STATIC) == 0) continue;
      int marks = deps.bits(i) & (DepVector.SIG | DepVector.HOT | DepVector.ERROR);
      // The first of a group that is left begins the group.
      kept.add(deps.node(i), deps.kinds(i), deps.flags(i), parallel && inGroup, marks, deps.value(i));
      inGroup = true;
    }
    graph.setDeps(job, kept.build());
  }

  private static void forgetTargets(Graph graph, int job) {
    TargetVector targets = graph.targets(job);
    int[] kept = new int[targets.size()];
    int n = 0;
    for (int i = 0; i < targets.size(); i++) if ((targets.flags(i) & TargetFlags.STATIC) != 0) kept[n++] = i;
    int[] nodes = new int[n];
    int[] flags = new int[n];
    long[] crcs = new long[n];
    long[] sigs = new long[n];
    for (int i = 0; i < n; i++) {
      nodes[i] = targets.node(kept[i]);
      flags[i] = targets.flags(kept[i]);
      crcs[i] = targets.crc(kept[i]);
      sigs[i] = targets.sig(kept[i]);
    }
    graph.setTargets(job, new TargetVector(nodes, flags, crcs, sigs));
  }
}

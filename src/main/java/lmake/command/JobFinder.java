package lmake.command;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import lmake.base.ExitCode;
import lmake.base.UserError;
import lmake.graph.Graph;
import lmake.report.Jobs;
import lmake.report.Place;
import lmake.report.Printable;
import lmake.rules.Candidate;
import lmake.rules.Rule;

/** The job that {@code -J} and {@code -R} name. */
final class JobFinder {
  private JobFinder() {}

  /** The one job with this name; several or none is a mistake of the user. */
  static int find(Context context, Jobs jobs) throws UserError {
    return find(context, jobs, false);
  }

  /** The same, for who can run it: a job that nobody needed before is made. */
  static int findOrMake(Context context, Jobs jobs) throws UserError {
    return find(context, jobs, true);
  }

  private static int find(Context context, Jobs jobs, boolean make) throws UserError {
    String argument = context.options().operands().get(0);
    Place place = context.place();
    String name = place.fromRoot(place.absolute(argument));
    String rule = context.options().text("--rule");
    Set<Integer> found = byTarget(jobs, name, rule, make);
    if (found.isEmpty()) found = byScan(jobs, name, rule);
    if (found.isEmpty()) throw new UserError(ExitCode.FAIL, "cannot find job " + Printable.show(argument));
    if (found.size() > 1) throw new UserError(ExitCode.FAIL, choices(jobs, found, argument));
    return found.iterator().next();
  }

  /** Most jobs are named like their first target: rules that could make such a file are asked first. */
  private static Set<Integer> byTarget(Jobs jobs, String name, String rule, boolean make) {
    Set<Integer> found = new LinkedHashSet<>();
    for (Candidate candidate : jobs.book().candidates(name)) {
      Rule r = candidate.rule();
      if (r.special() != Rule.Special.PLAIN || !rule.isEmpty() && !r.name().equals(rule)) continue;
      if (r.staticDeps(candidate.stems()).isEmpty() || !r.jobName(candidate.stems()).equals(name)) continue;
      Graph graph = jobs.graph();
      int job = make ? graph.job(r.id(), candidate.stems()) : graph.findJob(r.id(), candidate.stems());
      if (job != 0) found.add(job);
    }
    return found;
  }

  /** The others can only be found among those that are known. */
  private static Set<Integer> byScan(Jobs jobs, String name, String rule) {
    Graph graph = jobs.graph();
    Set<Integer> found = new LinkedHashSet<>();
    for (int job = 1; job <= graph.jobCount(); job++) {
      Optional<Rule> r = jobs.rule(job);
      if (r.isEmpty() || !rule.isEmpty() && !r.get().name().equals(rule)) continue;
      if (r.get().jobName(graph.stems(job)).equals(name)) found.add(job);
    }
    return found;
  }

  private static String choices(Jobs jobs, Set<Integer> found, String argument) {
    List<String> lines =
        found.stream()
            .map(job -> "  lmake -R " + Printable.quote(jobs.ruleName(job)) + " -J " + Printable.quote(argument))
            .toList();
    return "several rules match, consider :\n" + String.join("\n", lines);
  }
}

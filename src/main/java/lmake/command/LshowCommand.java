package lmake.command;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lmake.base.ExitCode;
import lmake.base.UserError;
import lmake.report.BomTree;
import lmake.report.Buildable;
import lmake.report.Color;
import lmake.report.InverseTable;
import lmake.report.Jobs;
import lmake.report.Line;
import lmake.report.Porcelaine;
import lmake.report.RunningTree;
import lmake.report.WhyChain;

/** {@code lshow}: what is known of files and jobs. Changes nothing, does not read the makefiles again. */
final class LshowCommand implements Command {
  /** Kinds that answer for several arguments together, or for files as such. */
  private static final Set<String> OF_FILES = Set.of("--bom", "--inv-deps", "--inv-targets", "--running", "--why");

  private final ToolSpec spec =
      new ToolSpec("lshow", "[file ...]")
          .key("-b", "--bom", "sources needed to build the file")
          .key("-c", "--cmd", "the command of the job")
          .key("-d", "--deps", "deps of the job")
          .key("-D", "--inv-deps", "jobs that depend on the file")
          .key("-e", "--stderr", "stderr of the job")
          .key("-E", "--env", "environment given to the job")
          .key("-i", "--info", "all about the last run of the job")
          .key("-o", "--stdout", "stdout of the job")
          .key("-r", "--running", "what runs now")
          .key("-t", "--targets", "targets of the job")
          .key("-T", "--inv-targets", "jobs that have the file as a target")
          .key("-u", "--trace", "accesses of the job, by date")
          .key("--why", "why the job last ran, down to what was changed")
          .common()
          .flag("-p", "--porcelaine", "print a python literal");

  @Override
  public ToolSpec spec() {
    return spec;
  }

  @Override
  public void run(Context context) throws UserError {
    Options options = context.options().checkJob();
    boolean filesOnly = options.key().startsWith("--inv-");
    if (filesOnly && options.has("--job")) {
      throw new UserError(ExitCode.USAGE, "no job can be given with " + options.key());
    }
    Jobs jobs = new Jobs(context.site().graph(), context.book());
    context.startupLine();
    Transcript out = options.has("--porcelaine") ? context.plain() : context.transcript(jobs.book());
    boolean ok = OF_FILES.contains(options.key()) ? together(context, jobs, out) : each(context, jobs, out);
    context.session().exit(ok ? ExitCode.OK : ExitCode.FAIL);
  }

  // --- kinds that answer for each argument by itself

  private static boolean each(Context context, Jobs jobs, Transcript out) throws UserError {
    JobView view = new JobView(context, jobs);
    boolean porcelaine = context.options().has("--porcelaine");
    if (context.options().has("--job")) {
      Answer answer = about(context, jobs, view, JobFinder.find(context, jobs), "");
      if (porcelaine) print(out, answer.literal());
      else out.print(answer.lines());
      return answer.ok();
    }
    List<String> names = names(context, jobs);
    Map<Object, Object> dict = new LinkedHashMap<>();
    boolean ok = true;
    for (String name : names) {
      Answer answer = about(context, jobs, view, jobs.of(name), name);
      ok &= answer.ok();
      dict.put(answer.nameless() ? Porcelaine.NONE : name, answer.literal());
      if (!porcelaine) print(out, name, answer, names.size() > 1);
      if (answer.last()) break;
    }
    if (porcelaine) print(out, dict);
    return ok;
  }

  private static Answer about(Context context, Jobs jobs, JobView view, int job, String file) {
    if (job != 0 && view.knows(job)) return view.of(job, file);
    boolean info = context.options().key().equals("--info");
    if (file.isEmpty() || job != 0 || unbuilt(context, jobs, file)) {
      Line advice = Line.at(1).text("consider : lmake ").quoted(file).in(Color.NOTE);
      if (file.isEmpty()) advice = Line.at(1).text("consider : lmake -J ").quoted(jobs.name(job)).in(Color.NOTE);
      List<Line> lines = List.of(Line.of("target not built"), advice);
      return info ? Answer.withoutJob(lines, Map.of()) : Answer.none(lines);
    }
    if (!info) return Answer.none(List.of());
    return view.special(file);
  }

  private static boolean unbuilt(Context context, Jobs jobs, String file) {
    return !jobs.isSource(file) && new Buildable(jobs.book(), context.disk()).can(file);
  }

  private static void print(Transcript out, String name, Answer answer, boolean several) {
    if (!several) {
      out.print(answer.lines());
      return;
    }
    out.print(Line.at(0).name(name));
    // Output and code of jobs are told from ours by a tab.
    for (Line line : answer.lines()) out.print(line.behind(answer.foreign() ? "\t" : "  "));
  }

  // --- kinds that answer for all arguments together

  private static boolean together(Context context, Jobs jobs, Transcript out) throws UserError {
    Options options = context.options();
    boolean verbose = options.has("--verbose");
    List<Integer> named = options.has("--job") ? List.of(JobFinder.find(context, jobs)) : List.of();
    List<String> names = options.has("--job") ? List.of() : names(context, jobs);
    return switch (options.key()) {
      case "--bom" -> bom(new BomTree(jobs, verbose, options.has("--quiet")), names, named, context, out);
      case "--running" -> running(context, jobs, names, named, out);
      case "--why" -> why(context, jobs, names, named, out);
      default -> inverse(context, jobs, names, out);
    };
  }

  private static boolean bom(
      BomTree tree, List<String> names, List<Integer> named, Context context, Transcript out) {
    names.forEach(tree::file);
    named.forEach(tree::job);
    show(context, out, tree.lines(), tree.literal());
    return true;
  }

  private static boolean running(
      Context context, Jobs jobs, List<String> names, List<Integer> named, Transcript out) {
    List<RunningTree.Item> items = new ArrayList<>();
    for (Site.RunningJob job : context.site().running()) {
      items.add(new RunningTree.Item(job.job(), job.mark(), job.parents()));
    }
    RunningTree tree = new RunningTree(jobs, items, context.options().has("--quiet"));
    if (names.isEmpty() && named.isEmpty()) tree.all();
    for (String name : names) tree.from(jobs.of(name));
    named.forEach(tree::from);
    show(context, out, tree.lines(), tree.literal());
    return true;
  }

  private static boolean why(Context context, Jobs jobs, List<String> names, List<Integer> named, Transcript out) {
    boolean ok = true;
    Map<String, Object> dict = new LinkedHashMap<>();
    List<Line> lines = new ArrayList<>();
    for (int job : named) chain(jobs, job, jobs.name(job), lines, dict);
    for (String name : names) {
      int job = jobs.isSource(name) ? 0 : jobs.of(name);
      if (job != 0) chain(jobs, job, name, lines, dict);
      else lines.add(Line.at(0).name(name).text(jobs.isSource(name) ? " : source" : " : no job"));
      ok &= job != 0;
    }
    show(context, out, lines, dict);
    return ok;
  }

  private static void chain(Jobs jobs, int job, String name, List<Line> lines, Map<String, Object> dict) {
    List<Line> chain = WhyChain.lines(jobs, job);
    lines.addAll(chain);
    dict.put(name, chain.stream().map(Line::plain).toList());
  }

  private static boolean inverse(Context context, Jobs jobs, List<String> names, Transcript out) {
    boolean byTarget = context.options().key().equals("--inv-targets");
    Map<String, Object> dict = new LinkedHashMap<>();
    List<Line> lines = new ArrayList<>();
    for (String name : names) {
      InverseTable table = new InverseTable(jobs, name, byTarget, context.options().has("--verbose"));
      dict.put(name, table.literal());
      if (names.size() > 1) lines.add(Line.at(0).name(name));
      for (Line line : table.lines()) lines.add(names.size() > 1 ? line.behind("  ") : line);
    }
    show(context, out, lines, dict);
    return true;
  }

  private static void show(Context context, Transcript out, List<Line> lines, Object literal) {
    if (context.options().has("--porcelaine")) print(out, literal);
    else out.print(lines);
  }

  private static void print(Transcript out, Object literal) {
    out.session().out((Porcelaine.show(literal) + "\n").getBytes(java.nio.charset.StandardCharsets.US_ASCII));
  }

  private static List<String> names(Context context, Jobs jobs) throws UserError {
    List<String> names = new ArrayList<>();
    for (String argument : context.options().operands()) {
      names.add(Arguments.known(argument, context.place(), jobs.book().manifest()));
    }
    return names;
  }
}

package lmake.command;

import java.io.IOException;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import lmake.base.ExitCode;
import lmake.base.UserError;
import lmake.engine.Action;
import lmake.engine.ReqOptions;
import lmake.report.Color;
import lmake.report.Jobs;
import lmake.report.Line;
import lmake.report.LogFile;
import lmake.report.Place;
import lmake.report.TargetList;
import lmake.rules.RuleBook;

/** {@code lmake}: builds targets. Options become {@link ReqOptions}, a {@link BuildRun} listens to what comes of it. */
final class LmakeCommand implements Command {
  private static final int SHORT = 65535;

  private final ToolSpec spec =
      new ToolSpec("lmake", "[target ...]")
          .common()
          .flag("-a", "--archive", "ensure all intermediate files are there and up to date")
          .text("text", "-b", "--backend", "passed to backends")
          .choice(List.of("none", "download", "upload", "plain"), "-c", "--cache-method", "how caches are accessed")
          .flag("-d", "--essential-deps", "only essential deps can trigger a rerun")
          .flag("-D", "--no-deps", "deps cannot trigger a rerun")
          .flag("-e", "--forget-old-errors", "rerun jobs that were in error before this command")
          .duration("-E", "--ete", "expected duration of this command")
          .flag("-I", "--no-incremental", "rerun jobs that last ran on existing incremental targets")
          .number(Integer.MAX_VALUE, "-j", "--jobs", "most jobs running at once, 0 is no limit")
          .flag("-l", "--local", "run all jobs locally")
          .number(SHORT, "-m", "--max-runs", "most executions of a job, 0 is no limit")
          .number(SHORT, "-M", "--max-submits", "most submissions of a job, 0 is no limit")
          .number(20, "-N", "--nice", "nice value of jobs")
          .flag("-o", "--live-out", "show the output of requested jobs as it comes")
          .number(255, "-r", "--retry-on-error", "times a job in error is run again")
          .flag("-s", "--source-ok", "jobs may overwrite sources")
          .flag("-t", "--keep-tmp", "keep tmp dirs after jobs")
          .flag("--shutdown", "ask the server to leave");

  @Override
  public ToolSpec spec() {
    return spec;
  }

  @Override
  public void run(Context context) throws UserError {
    context.options().checkJob();
    Site site = context.site();
    Session session = context.session();
    if (context.options().has("--shutdown")) {
      site.shutdown();
      session.exit(ExitCode.OK);
      return;
    }
    site.refresh(session, () -> Commands.attempt(site, session, this, () -> build(context)));
  }

  static ReqOptions reqOptions(Options options) {
    return new ReqOptions(
        options.has("--archive"),
        options.has("--forget-old-errors"),
        options.number("--retry-on-error"),
        options.number("--max-runs"),
        options.number("--max-submits"),
        options.has("--no-deps"),
        options.has("--essential-deps"),
        options.has("--no-incremental"),
        options.has("--source-ok"),
        options.has("--keep-tmp"),
        options.has("--live-out"),
        options.has("--verbose"));
  }

  private void build(Context context) throws UserError {
    Site site = context.site();
    RuleBook book = site.rules().orElseThrow(() -> new UserError(ExitCode.BAD_MAKEFILE, "cannot read config"));
    Jobs jobs = new Jobs(site.graph(), book);
    Options options = context.options();
    List<Integer> wantedJobs = options.has("--job") ? List.of(job(context, jobs)) : List.of();
    Transcript transcript = context.transcript(book);
    openLog(context, book, transcript);
    BuildRun run = new BuildRun(site, jobs, transcript, reqOptions(options));
    List<String> outside = new ArrayList<>();
    List<Integer> targets = options.has("--job") ? List.of() : targets(context, book, outside, transcript);
    if (!outside.isEmpty()) {
      for (String argument : outside) {
        transcript.print(Line.of("target outside repo and all source dirs : " + argument).in(Color.ERR));
      }
      run.done(new Action.ReqDone(0, false, List.of(), Action.Marked.NONE));
      return;
    }
    Site.Pace pace = new Site.Pace(options.number("--jobs"), options.durationNs("--ete"));
    run.opened(site.openReq(context.session(), targets, wantedJobs, reqOptions(options), pace, run));
  }

  private static int job(Context context, Jobs jobs) throws UserError {
    try {
      return JobFinder.findOrMake(context, jobs);
    } catch (UserError e) {
      // The only tool for which scripts expect this code.
      throw new UserError(ExitCode.BAD_STATE, e.getMessage());
    }
  }

  /** Nodes of the arguments, each once; arguments that can be no target go to {@code outside}. */
  private static List<Integer> targets(
      Context context, RuleBook book, List<String> outside, Transcript transcript) {
    Place place = context.place();
    Set<String> names = new LinkedHashSet<>();
    for (String argument : context.options().operands()) {
      Optional<String> name = Arguments.name(argument, place, book.manifest());
      name.ifPresentOrElse(names::add, () -> outside.add(argument));
    }
    try {
      if (outside.isEmpty()) TargetList.add(admin(context), names);
    } catch (IOException e) {
      transcript.complain("cannot write LMAKE/targets : " + e);
    }
    List<Integer> nodes = new ArrayList<>();
    if (outside.isEmpty()) for (String name : names) nodes.add(context.site().graph().node(name));
    return nodes;
  }

  private static void openLog(Context context, RuleBook book, Transcript transcript) {
    try {
      int days = book.config().consoleHistoryDays();
      transcript.log(LogFile.open(admin(context), context.site().now(), ZoneId.systemDefault(), days));
    } catch (IOException e) {
      transcript.lost(e);
    }
  }

  private static Path admin(Context context) {
    return Path.of(context.site().root(), "LMAKE");
  }
}

package lmake.command;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import lmake.base.ExitCode;
import lmake.engine.Action;
import lmake.engine.ReqOptions;
import lmake.graph.RunReason;
import lmake.report.Color;
import lmake.report.Disk;
import lmake.report.Elapsed;
import lmake.report.ErrorReport;
import lmake.report.Jobs;
import lmake.report.Line;
import lmake.report.Sayings;
import lmake.report.StatusLine;
import lmake.report.Summary;
import lmake.report.Tally;
import lmake.rules.Config;
import lmake.rules.RuleBook;

/** What one {@code lmake} prints between its start and its exit. */
final class BuildRun implements Site.ReqListener {
  private final Site site;
  private final Jobs jobs;
  private final Transcript transcript;
  private final StatusLine columns;
  private final Sayings sayings;
  private final StartLines starts;
  private final Tally tally = new Tally();
  private final long begin;
  private final Map<Integer, RunReason> lastReason = new HashMap<>();
  private final Map<Integer, String> lastNode = new HashMap<>();
  private boolean interrupted;
  private int req;

  BuildRun(Site site, Jobs jobs, Transcript transcript, ReqOptions options) {
    this.site = site;
    this.jobs = jobs;
    this.transcript = transcript;
    this.columns = StatusLine.of(jobs.book());
    this.sayings = new Sayings(jobs, columns, options.verbose(), site::run);
    this.starts = new StartLines(jobs, sayings, transcript);
    this.begin = site.now();
  }

  /** Its number, known before anything is said of it. */
  void opened(int number) {
    req = number;
  }

  @Override
  public void say(Action.SayJob line) {
    if (line.word().equals("start") && starts.told(line.job())) line = goesOn(line);
    long now = site.now();
    boolean flow = StartLines.flows(line.word());
    // A start line carries the date of the start, however late it comes.
    long date = flow ? starts.date(line.job(), now) : now;
    if (!flow) starts.ended(line.job());
    transcript.print(sayings.job(line, date));
    count(line);
    if (flow) starts.said(line.job());
    lastReason.put(line.job(), line.why());
    // That of a run that is tried again is not the last word.
    if (sayings.last(line.word()) && line.why().kind() != RunReason.Kind.RETRY) {
      transcript.print(sayings.stderr(line.job()));
    }
  }

  /** What there is to say at the start comes late when the job is long: it has its line by then. */
  private static Action.SayJob goesOn(Action.SayJob line) {
    return new Action.SayJob(
        line.req(), "continue", line.job(), -1, line.status(), line.why(), line.warning(), line.notes());
  }

  /** What a job did that turns out to be useless is told apart. */
  private void count(Action.SayJob line) {
    long ns = line.execMs() < 0 ? -1 : line.execMs() * 1_000_000L;
    if (line.need() == Action.Need.SPECULATIVE) tally.speculate(line.job(), ns);
    else if (!line.word().startsWith("was_") || !tally.confirm(line.job(), line.word())) tally.count(line.word(), ns);
  }

  @Override
  public void say(Action.SayNode line) {
    lastNode.put(line.node(), line.word());
    if (line.word().equals("cycle")) return; // drawn in the summary
    starts.interleaved();
    transcript.print(sayings.node(line, site.now()));
  }

  @Override
  public void started(int job, long date) {
    if (site.wants(req, job)) starts.started(job, date, site.now());
  }

  @Override
  public void liveOut(int job, byte[] bytes) {
    if (!site.wants(req, job)) return;
    starts.live(job, bytes, site.now());
  }

  @Override
  public void warn(String text) {
    starts.interleaved();
    for (String line : text.split("\n")) {
      transcript.complain(line);
      transcript.logOnly(Line.of(line));
    }
  }

  @Override
  public void interrupted() {
    starts.interleaved();
    interrupted = true;
    transcript.logOnly(Line.of("^C"));
    transcript.print(columns.lone(site.now(), "kill", Color.NOTE));
  }

  @Override
  public long due() {
    return starts.due();
  }

  @Override
  public void remind(long now) {
    starts.tick(now);
    transcript.flush();
  }

  @Override
  public void tick(long now) {
    title();
    transcript.flush();
  }

  @Override
  public void done(Action.ReqDone end) {
    title();
    boolean failed = !end.ok() && !interrupted;
    long elapsed = Math.max(0, site.now() - begin);
    transcript.print(Summary.head(failed, !end.marked().none() || !end.clashes().isEmpty(), tally, elapsed, transcript.place()));
    transcript.print(Summary.already(end.ends(), jobs));
    transcript.print(Summary.marks(end.marked(), jobs));
    transcript.print(Summary.clashes(end.clashes(), jobs));
    if (!end.ok() && !interrupted) transcript.print(errors(end));
    transcript.logOnly(Line.of("status : " + (end.ok() || interrupted ? "ok" : "fail")));
    transcript.close();
    transcript.session().exit(end.ok() ? ExitCode.OK : ExitCode.FAIL);
  }

  private List<Line> errors(Action.ReqDone end) {
    RuleBook book = jobs.book();
    Disk disk = new Disk(site::exists, site::isDir);
    ErrorReport report = new ErrorReport(jobs, disk, lastReason, lastNode, sayings::attached);
    return report.lines(end.ends(), book.config().maxErrorLines());
  }

  private void title() {
    if (!transcript.paint().on()) return;
    Site.Progress left = site.progress(req);
    long now = site.now();
    StringBuilder text = new StringBuilder(tally.title(left.running(), left.queued(), left.waiting()));
    Config config = jobs.book().config();
    if (config.consoleShowEte()) text.append(" - ETE:").append(Elapsed.tight(Math.max(0, left.eta() - now)));
    if (config.consoleShowEta()) text.append(" - ETA:").append(columns.clock(left.eta()));
    transcript.escape("\033]0;" + text + "\007");
  }
}

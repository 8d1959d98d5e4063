package lmake.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TimeZone;
import lmake.base.Crc;
import lmake.engine.Action;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;
import lmake.report.Color;
import lmake.report.Jobs;
import lmake.report.Sayings;
import lmake.report.StatusLine;
import lmake.rules.RuleBook;
import lmake.rules.RuleSketch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Transcripts of lmake: the test plays the engine. */
final class BuildTest {
  private static final String BOX = "+---------+\n| SUMMARY |\n+---------+\n";
  private static final TimeZone HOME = TimeZone.getDefault();

  @TempDir Path root;
  private FakeSite site;
  private FakeSession session;

  @BeforeAll
  static void utc() {
    TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
  }

  @AfterAll
  static void home() {
    TimeZone.setDefault(HOME);
  }

  static RuleBook book() {
    return RuleSketch.book(
        List.of(
            RuleSketch.rule("Up").target("OUT", "{File:[^+]*}.up").dep("SRC", "{File}.src").cmd("tr"),
            RuleSketch.rule("Cat")
                .target("OUT", "{A:[^+]*}+{B:[^+]*}.cat")
                .dep("FIRST", "{A}.up")
                .dep("SECOND", "{B}.up"),
            RuleSketch.rule("Bad").target("OUT", "{File:.*}.bad").cmd("exit 3"),
            RuleSketch.rule("Dyn").target("OUT", "{File:.*}.dyn").attr("start_delay", 0),
            RuleSketch.rule("UsesBad").target("OUT", "{File:.*}.ub").dep("IN", "{File}.bad").attr("max_stderr_len", 1),
            RuleSketch.rule("UsesUsesBad").target("OUT", "{File:.*}.uub").dep("IN", "{File}.ub"),
            RuleSketch.rule("Star").target("OUT", "{File:.*}.dir/{N*:[0-9]+}"),
            RuleSketch.rule("Loop1").target("OUT", "loop1"),
            RuleSketch.rule("Loop2").target("OUT", "loop2"),
            RuleSketch.rule("OnLoop").target("OUT", "onloop"),
            RuleSketch.anti("No", "no/{F:.*}")),
        List.of("a.src", "b.src", "ext.txt"));
  }

  private Site.ReqListener start(String... args) {
    return start(new FakeSession("lmake", args));
  }

  private Site.ReqListener start(FakeSession with) {
    site = site == null ? new FakeSite(root, book()) : site;
    session = with;
    Commands.run(site, session);
    return site.listener;
  }

  private void job(String word, int job, int ms) {
    site.listener.say(
        new Action.SayJob(1, word, job, ms, site.graph.status(job), RunReason.NONE, false, List.of()));
  }

  private void job(String word, int job, int ms, RunReason why, String... notes) {
    site.listener.say(new Action.SayJob(1, word, job, ms, site.graph.status(job), why, false, List.of(notes)));
  }

  private void node(String word, String name, String... notes) {
    site.listener.say(new Action.SayNode(1, word, site.graph.node(name), List.of(notes)));
  }

  private void done(boolean ok, Action.TargetEnd... ends) {
    site.listener.done(new Action.ReqDone(1, ok, List.of(ends), Action.Marked.NONE));
  }

  private Action.TargetEnd end(String name, int job, boolean ok, boolean touched) {
    return new Action.TargetEnd(site.graph.node(name), job, ok, touched);
  }

  @Test
  void firstBuild() throws IOException {
    start("a+b.cat");
    assertThat(site.targets).containsExactly(site.graph.node("a+b.cat"));
    int up = site.ran("Up", JobStatus.OK, "b.up", "b.src");
    int cat = site.ran("Cat", JobStatus.OK, "a+b.cat", "a.up", "b.up");
    node("new", "b.src");
    job("done", up, 5);
    job("done", cat, 1);
    site.now += 13_000_000;
    done(true, end("a+b.cat", cat, true, true));
    String expected =
        "10:00:00 new                src                  b.src\n"
            + "10:00:00 done               Up            0.005s b.up\n"
            + "10:00:00 done               Cat           0.001s a+b.cat\n"
            + BOX
            + "done    time : 0.006s (2 jobs)\n"
            + "elapsed time : 0.013s\n";
    assertThat(session.said()).isEqualTo(expected);
    assertThat(session.code()).isZero();
    assertThat(Files.readString(root.resolve("LMAKE/last_output"))).isEqualTo(expected + "status : ok\n");
    assertThat(Files.readSymbolicLink(root.resolve("LMAKE/last_output")).toString())
        .isEqualTo("outputs/2026-01-01/10:00:00");
    assertThat(Files.readString(root.resolve("LMAKE/targets"))).isEqualTo("a+b.cat\n");
  }

  private void error(String word, int job, int ms, Action.Need need) {
    JobStatus status = site.graph.status(job);
    site.listener.say(new Action.SayJob(1, word, job, ms, status, RunReason.NONE, false, List.of(), need));
  }

  @Test
  void errorsThatComeToNothingAreCountedApartAndMovedWhenTheyCount() {
    start("a+b.cat");
    int useless = site.ran("Bad", JobStatus.JOB_ERROR, "a.bad");
    int needed = site.ran("Bad", JobStatus.JOB_ERROR, "b.bad");
    error("failed", useless, 5, Action.Need.SPECULATIVE);
    error("failed", needed, 7, Action.Need.SPECULATIVE);
    error("was_failed", needed, -1, Action.Need.CERTAIN);
    done(true);
    assertThat(session.said())
        .contains("speculative time : 0.005s (1 jobs)")
        .contains("failed      time : 0.007s (1 jobs)");
    assertThat(session.code()).isZero();
  }

  @Test
  void errorThatMayComeToNothingIsMuted() {
    start("a+b.cat");
    int bad = site.ran("Bad", JobStatus.JOB_ERROR, "a.bad");
    Jobs jobs = new Jobs(site.graph, book());
    Sayings sayings = new Sayings(jobs, StatusLine.of(book()), false, job -> Optional.empty());
    for (Action.Need need : Action.Need.values()) {
      Action.SayJob line =
          new Action.SayJob(1, "failed", bad, 5, JobStatus.JOB_ERROR, RunReason.NONE, false, List.of(), need);
      Color expected = need == Action.Need.CERTAIN ? Color.ERR : Color.SPECULATE_ERR;
      assertThat(sayings.job(line, 0).get(0).color()).isEqualTo(expected);
    }
  }

  @Test
  void nothingToDo() {
    start("a+b.cat", "a.src");
    int cat = site.ran("Cat", JobStatus.OK, "a+b.cat");
    done(true, end("a+b.cat", cat, true, false), end("a.src", 0, true, false));
    assertThat(session.said())
        .isEqualTo(
            BOX + "done    time :        (0 jobs)\nelapsed time : 0.000s\nwas already up-to-date : a+b.cat\n");
  }

  @Test
  void noTargetMakesAnEmptySummary() {
    start();
    assertThat(site.targets).isEmpty();
    done(true);
    assertThat(session.said()).isEqualTo(BOX + "done    time :        (0 jobs)\nelapsed time : 0.000s\n");
    assertThat(session.code()).isZero();
  }

  @Test
  void failureIsShownTwice() {
    start("a.bad");
    int bad = site.ran("Bad", JobStatus.JOB_ERROR, "a.bad");
    site.record(bad, "oops line one\nsecond\n");
    job("failed", bad, 2);
    site.now += 4_000_000;
    done(false, end("a.bad", bad, false, true));
    assertThat(session.said())
        .isEqualTo(
            "10:00:00 failed             Bad           0.002s a.bad\n\toops line one\n\tsecond\n"
                + BOX
                + "failed  time : 0.002s (1 jobs)\n"
                + "done    time :        (0 jobs)\n"
                + "elapsed time : 0.004s\n"
                + "Bad                        a.bad\n\toops line one\n\tsecond\n");
    assertThat(session.code()).isEqualTo(1);
  }

  @Test
  void oldErrorIsTold() {
    start("a.bad");
    int bad = site.ran("Bad", JobStatus.JOB_ERROR, "a.bad");
    site.record(bad, "oops\n");
    done(false, end("a.bad", bad, false, false));
    assertThat(session.said()).endsWith("was already in error : a.bad\nBad                        a.bad\n\toops\n");
  }

  @Test
  void culpritStandsBelowThoseWhoNeedIt() {
    start("x.uub");
    int bad = site.ran("Bad", JobStatus.JOB_ERROR, "x.bad");
    int uses = site.job("UsesBad", "x.ub");
    int top = site.job("UsesUsesBad", "x.uub");
    done(false, end("x.uub", top, false, true));
    assertThat(session.said())
        .endsWith(
            "UsesUsesBad                x.uub\n"
                + "  UsesBad                    x.ub\n"
                + "    Bad                        x.bad\n"
                + "      no stderr available\n");
    assertThat(uses).isNotEqualTo(bad);
  }

  @Test
  void eachJobIsToldOnce() {
    start("x.ub", "x.uub");
    int bad = site.ran("Bad", JobStatus.JOB_ERROR, "x.bad");
    site.record(bad, "");
    int uses = site.ran("UsesBad", JobStatus.OK, "x.ub", "x.bad");
    int top = site.ran("UsesUsesBad", JobStatus.OK, "x.uub", "x.ub");
    done(false, end("x.ub", uses, false, true), end("x.uub", top, false, true));
    assertThat(session.said())
        .endsWith(
            "UsesBad                    x.ub\n  Bad                        x.bad\nUsesUsesBad                x.uub\n");
  }

  @Test
  void missingSourceIsTheCulprit() {
    start("a.up");
    site.graph.setContent(site.graph.node("a.src"), Crc.NONE, 0);
    node("missing", "a.src");
    int up = site.job("Up", "a.up");
    done(false, end("a.up", up, false, true));
    assertThat(session.said())
        .startsWith("10:00:00 missing            src                  a.src\n")
        .endsWith("Up                         a.up\n  missing source             a.src\n");
  }

  @Test
  void overwrittenSourceIsTheCulprit() {
    start("a.up");
    int up = site.ran("Up", JobStatus.OK, "a.up", "a.src");
    RunReason why = new RunReason(RunReason.Kind.DEP_OVERWRITTEN, site.graph.node("a.src"));
    job("dep_error", up, 3, why);
    done(false, end("a.up", up, false, true));
    assertThat(session.said())
        .contains("dep_error          Up            0.003s a.up\n  dep has been overwritten : a.src\n")
        .endsWith("Up                         a.up\n  overwritten                a.src\n");
  }

  @Test
  void reasonsAreShownOnceAndOnlyWhenAsked() {
    start("a.dyn");
    int dyn = site.ran("Dyn", JobStatus.OK, "a.dyn", "a.up");
    RunReason why = new RunReason(RunReason.Kind.DEP_CHANGED, site.graph.node("a.up"));
    job("may_rerun", dyn, 30, why);
    assertThat(session.said()).isEqualTo("10:00:00 may_rerun          Dyn           0.030s a.dyn\n");
    site.listener = null;
    start("-v", "a.dyn");
    job("rerun", dyn, 30, why);
    assertThat(session.said()).endsWith("a.dyn\n  dep out-of-date : a.up\n");
    RunReason error = new RunReason(RunReason.Kind.DEP_ERROR, site.graph.node("a.up"));
    job("was_dep_error", dyn, 30, error, "dep in error : a.up", "  an advice");
    assertThat(session.said())
        .endsWith("10:00:00 was_dep_error      Dyn                  a.dyn\n  dep in error : a.up\n    an advice\n");
  }

  @Test
  void retriedFailureKeepsItsStderrForTheEnd() {
    start("-r1", "a.bad");
    int bad = site.ran("Bad", JobStatus.JOB_ERROR, "a.bad");
    site.record(bad, "attempt\n");
    RunReason again = new RunReason(RunReason.Kind.RETRY, 0);
    job("failed", bad, 2, again);
    job("retry", bad, 2, again);
    job("failed", bad, 2);
    assertThat(session.said())
        .isEqualTo(
            "10:00:00 failed             Bad           0.002s a.bad\n"
                + "10:00:00 retry              Bad                  a.bad\n"
                + "10:00:00 failed             Bad           0.002s a.bad\n\tattempt\n");
  }

  @Test
  void startLinesComeLateWithTheirDate() {
    start("a.up");
    int up = site.job("Up", "a.up");
    site.listener.started(up, site.now);
    site.listener.remind(site.now + 2_999_999_999L);
    assertThat(session.said()).isEmpty();
    site.now += 3_000_000_000L;
    site.listener.remind(site.now);
    site.listener.remind(site.now + 1_000_000_000L);
    assertThat(session.said()).isEqualTo("10:00:00 start              Up                   a.up\n");
    int dyn = site.job("Dyn", "a.dyn");
    site.listener.started(dyn, site.now);
    assertThat(session.said())
        .as("start_delay = 0")
        .endsWith("10:00:03 start              Dyn                  a.dyn\n");
  }

  @Test
  void startLinesAreDueWhenTheirDelayIsOver() {
    start("a.up");
    int up = site.job("Up", "a.up");
    assertThat(site.listener.due()).isEqualTo(Long.MAX_VALUE);
    site.listener.started(up, site.now - 1);
    assertThat(site.listener.due()).isEqualTo(site.now - 1 + 3_000_000_000L);
    site.listener.remind(site.now + 3_000_000_000L);
    assertThat(site.listener.due()).as("it has its line").isEqualTo(Long.MAX_VALUE);
    site.listener.started(site.job("Up", "b.up"), site.now - 4_000_000_000L);
    assertThat(session.said()).as("heard of too late to wait for").endsWith("start              Up                   b.up\n");
  }

  @Test
  void jobsOfOtherCommandsAreNotTold() {
    start("-o", "a.up");
    int other = site.job("Dyn", "x.dyn");
    site.foreign.add(other);
    site.listener.started(other, site.now);
    site.listener.liveOut(other, "x\n".getBytes());
    site.listener.remind(site.now + 5_000_000_000L);
    assertThat(session.said()).isEmpty();
  }

  @Test
  void startWithSomethingToSayReplacesTheLateOne() {
    start("a.up");
    int up = site.job("Up", "a.up");
    site.graph.node("a.up");
    job("start", up, 0, RunReason.NONE, "unlinked polluted a.up", "  generated by Cat");
    site.listener.started(up, site.now);
    site.listener.remind(site.now + 5_000_000_000L);
    assertThat(session.said())
        .isEqualTo(
            "10:00:00 start              Up                   a.up\n  unlinked polluted a.up\n    generated by Cat\n");
  }

  @Test
  void liveOutputsAreToldApart() {
    start("-o", "a.up", "b.up");
    int a = site.job("Up", "a.up");
    int b = site.job("Up", "b.up");
    site.listener.started(a, site.now);
    site.listener.started(b, site.now);
    site.listener.liveOut(b, "li".getBytes());
    site.listener.liveOut(b, "ne 1\n".getBytes());
    site.listener.liveOut(a, "one\ntwo\n".getBytes());
    site.now += 1_005_000_000L;
    site.listener.liveOut(b, "line 2\nrest".getBytes());
    job("done", b, 2000);
    assertThat(session.said())
        .isEqualTo(
            "10:00:00 start              Up                   b.up\n\tline 1\n"
                + "10:00:00 start              Up                   a.up\n\tone\n\ttwo\n"
                + "10:00:01 continue           Up            1.005s b.up\n\tline 2\n\trest\n"
                + "10:00:01 done               Up            2.000s b.up\n");
  }

  @Test
  void interruptionIsNoError() throws IOException {
    start("a.up");
    int up = site.job("Up", "a.up");
    site.listener.interrupted();
    job("killed", up, 4518);
    done(false, end("a.up", up, false, true));
    assertThat(session.said())
        .startsWith("10:00:00 kill\n10:00:00 killed             Up            4.518s a.up\n")
        .endsWith("killed  time : 4.518s (1 jobs)\nelapsed time : 0.000s\n");
    assertThat(Files.readString(root.resolve("LMAKE/last_output"))).startsWith("^C\n").endsWith("status : ok\n");
  }

  @Test
  void namesAreSeenFromTheStartupDirOnTheConsoleOnly() throws IOException {
    start(new FakeSession("lmake", "../a.up", "../nope", "x").from("sub"));
    int up = site.ran("Up", JobStatus.OK, "a.up");
    done(false, end("a.up", up, true, false), end("sub/x", 0, false, false), end("nope", 0, false, false));
    assertThat(session.said())
        .endsWith(
            "elapsed time : 0.000s\nstartup dir  : sub\nwas already up-to-date : ../a.up\n"
                + "no rule match x\nno rule match ../nope\n");
    assertThat(Files.readString(root.resolve("LMAKE/last_output")))
        .contains("was already up-to-date : a.up\nno rule match sub/x\nno rule match nope\n");
    assertThat(Files.readString(root.resolve("LMAKE/targets"))).isEqualTo("a.up\nnope\nsub/x\n");
  }

  @Test
  void targetsOutsideAreRefused() {
    for (String outside : List.of("../x", "/etc/passwd", ".", "LMAKE/lmake/x")) {
      site = null;
      start("a.up", outside);
      assertThat(site.listener).isNull();
      assertThat(session.said())
          .startsWith("target outside repo and all source dirs : " + outside + "\n" + BOX)
          .endsWith("elapsed time : 0.000s\n");
      assertThat(session.code()).isEqualTo(1);
    }
  }

  @Test
  void targetsThatNothingMakesAreExplained() {
    start("a+c.cat", "x.dir/1", "no/way", "a.src/x", "a.up/y", "ext", "n");
    site.onDisk.addAll(List.of("ext", "d.up"));
    site.dirsOnDisk.add("d.up");
    done(
        false,
        end("a+c.cat", 0, false, true),
        end("x.dir/1", 0, false, true),
        end("no/way", 0, false, true),
        end("a.src/x", 0, false, true),
        end("a.up/y", 0, false, true),
        end("b+d.cat", 0, false, true),
        end("ext", 0, false, true));
    assertThat(session.said().substring(session.said().indexOf("no rule")))
        .isEqualTo(
            """
            no rule for a+c.cat
              rule Cat misses static dep SECOND : c.up
                no rule for c.up
                  rule Up misses static dep SRC : c.src
                    no rule match c.src
            no rule for x.dir/1
              rule Star does not produce it
            no rule for no/way
              anti-rule No matches
            no rule for a.src/x
              dir is a source : a.src
            no rule for a.up/y
              dir is buildable : a.up
            no rule for b+d.cat
              rule Cat misses static dep SECOND : d.up (dir)
                no rule for d.up
                  rule Up misses static dep SRC : d.src
                    no rule match d.src
            no rule match ext
              consider : git add ext
            """);
  }

  @Test
  void filesWithoutJob() {
    start("x");
    site.graph.node("my file");
    node("quarantined", "my file");
    node("unlinked (empty)", "e");
    node("dangling", "my file", "consider : git add my file");
    node("multi", "m", "Up", "Cat");
    node("unlink", "old");
    node("infinite_path", "x/x", "limit reached");
    assertThat(session.said())
        .isEqualTo(
            "quarantined my file\n"
                + "unlinked (empty) e\n"
                + "dangling my file\n  consider : git add 'my file'\n"
                + "multi m\n  several rules match :\n    Up\n    Cat\n"
                + "10:00:00 unlink             no_rule              old\n"
                + "10:00:00 failed             infinite_path        x/x\n  limit reached\n");
  }

  @Test
  void cycleIsDrawn() {
    start("onloop");
    int on = site.ran("OnLoop", JobStatus.OK, "onloop", "loop1");
    site.ran("Loop1", JobStatus.OK, "loop1", "loop2");
    site.ran("Loop2", JobStatus.OK, "loop2", "loop1");
    node("cycle", "onloop", "Loop1 loop1", "Loop2 loop2");
    assertThat(session.said()).isEmpty();
    done(false, end("onloop", 0, false, true));
    assertThat(on).isNotZero();
    assertThat(session.said())
        .endsWith(
            """
            cycle detected for onloop
              +-> OnLoop loop1
              |   Loop1  loop2
              +-- Loop2  loop1
            consider some of :
              lforget -d loop1
              lforget -d loop2
              add to Lmakefile.py :
                for t in ('loop1','loop2',) :
                  class MyAntiRule(AntiRule) :
                    target = t
            """);
  }

  @Test
  void longStacksAreCut() {
    start("x");
    Action.TargetEnd[] ends = new Action.TargetEnd[150];
    for (int i = 0; i < ends.length; i++) {
      int bad = site.ran("Bad", JobStatus.JOB_ERROR, i + ".bad");
      site.record(bad, i == 0 ? "e1\ne2\n" : "other\n");
      ends[i] = end(i + ".bad", bad, false, true);
    }
    done(false, ends);
    String errors = session.said().substring(session.said().indexOf("elapsed"));
    assertThat(errors.lines().filter(line -> line.startsWith("Bad"))).hasSize(99);
    assertThat(errors).contains("\te2\n").doesNotContain("other").endsWith("98.bad\n...\n");
  }

  @Test
  void deepChainsNeedNoDeepStack() {
    start("x");
    DepVector.Builder none = new DepVector.Builder();
    int below = site.graph.node("end.bad");
    int bad = site.ran("Bad", JobStatus.JOB_ERROR, "end.bad");
    site.graph.setDeps(bad, none.build());
    int job = 0;
    for (int i = 0; i < 50_000; i++) {
      job = site.ran("Dyn", JobStatus.OK, i + ".dyn");
      site.graph.setDeps(
          job, new DepVector.Builder().add(below, 3, DepFlags.FULL, false, 0, site.graph.crc(below)).build());
      below = site.graph.node(i + ".dyn");
    }
    done(false, end("49999.dyn", job, false, true));
    assertThat(session.said()).contains("Dyn                        49999.dyn\n").endsWith("...\n");
  }

  @Test
  void coloursOnDemand() {
    start("-Vl", "a.up");
    int up = site.ran("Up", JobStatus.OK, "a.up");
    job("done", up, 5);
    site.listener.tick(site.now);
    assertThat(session.said())
        .startsWith("\033[38;2;0;0;0m10:00:00 done               Up            0.005s a.up\033[0m\n")
        .contains("\033]0;done:1 running:0 - ETE:0.000s\007");
    start(new FakeSession("lmake", "a.up").with("LMAKE_VIDEO", "d").with("NO_COLOR", "1"));
    job("done", up, 5);
    assertThat(session.said()).startsWith("\033[38;2;255;255;255m");
    start(new FakeSession("lmake", "-Vf", "a.up").with("LMAKE_VIDEO", "d"));
    job("done", up, 5);
    assertThat(session.said()).startsWith("10:00:00");
    done(true);
    assertThat(session.said()).contains("\n" + BOX);
  }

  @Test
  void logsOfOneSecondHaveTheirOwnNames() throws IOException {
    for (int i = 0; i < 3; i++) {
      start("a.up");
      site.now += 100_000_000L;
    }
    try (var logs = Files.list(root.resolve("LMAKE/outputs/2026-01-01"))) {
      assertThat(logs.map(log -> log.getFileName().toString()).sorted())
          .containsExactly("10:00:00", "10:00:00.1", "10:00:00.2");
    }
  }

  @Test
  void oldLogsGoWhenADayBegins() throws IOException {
    for (int day = 0; day < 9; day++) {
      start("a.up");
      site.now += 86_400_000_000_000L;
    }
    try (var days = Files.list(root.resolve("LMAKE/outputs"))) {
      assertThat(days.map(day -> day.getFileName().toString()).sorted())
          .containsExactly(
              "2026-01-03", "2026-01-04", "2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08", "2026-01-09");
    }
  }

  @Test
  void askedTargetsAreKeptOnceLatestLast() throws IOException {
    start("a.up", "b.up", "a.up");
    assertThat(site.targets).hasSize(2);
    start("c", "a.up");
    assertThat(Files.readString(root.resolve("LMAKE/targets"))).isEqualTo("b.up\nc\na.up\n");
  }
}

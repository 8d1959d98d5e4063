package lmake.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TimeZone;
import lmake.base.Crc;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;
import lmake.graph.RunRecord;
import lmake.graph.TargetFlags;
import lmake.graph.TargetVector;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tables of lshow against a graph made by hand. */
final class LshowTest {
  private static final TimeZone HOME = TimeZone.getDefault();

  @TempDir Path root;
  private FakeSite site;
  private FakeSession session;
  private int up;
  private int cat;

  @BeforeAll
  static void utc() {
    TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
  }

  @AfterAll
  static void home() {
    TimeZone.setDefault(HOME);
  }

  @BeforeEach
  void build() {
    site = new FakeSite(root, BuildTest.book());
    up = site.ran("Up", JobStatus.OK, "a.up", "a.src");
    site.ran("Up", JobStatus.OK, "b.up", "b.src");
    cat = site.ran("Cat", JobStatus.OK, "a+b.cat");
    site.graph.setContent(site.graph.node("nothere"), Crc.NONE, 0);
    int flags = DepFlags.ESSENTIAL | DepFlags.REQUIRED | DepFlags.STATIC | DepFlags.FULL;
    site.graph.setDeps(
        cat,
        new DepVector.Builder()
            .add(site.graph.node("b.up"), 3, flags, false, 0, FakeSite.crc("b.up"))
            .add(site.graph.node("a.up"), 3, flags, true, 0, FakeSite.crc("a.up") + 2)
            .add(site.graph.node("nothere"), 7, DepFlags.FULL, false, 0, Crc.NONE)
            .build());
    site.record(cat, "");
    site.record(up, "warn\n");
  }

  private String show(String... args) {
    return show(new FakeSession("lshow", args));
  }

  private String show(FakeSession with) {
    session = with;
    Commands.run(site, session);
    return session.said();
  }

  @Test
  void deps() {
    assertThat(show("-d", "a+b.cat"))
        .isEqualTo("Cat a+b.cat (generating)\n  -E-rS-F LR-- SECOND / b.up\n  -E-rS-F LR-- FIRST  \\ a.up\n");
    assertThat(session.code()).isZero();
    assertThat(show("-d", "-J", "a+b.cat")).isEqualTo("-E-rS-F LR-- SECOND / b.up\n-E-rS-F LR-- FIRST  \\ a.up\n");
    assertThat(show("-dv", "a+b.cat"))
        .contains("LR-- " + Crc.show(FakeSite.crc("b.up")) + "  SECOND / b.up\n")
        .contains("LR-- " + Crc.show(FakeSite.crc("a.up") + 2) + "* FIRST  \\ a.up\n")
        .contains("------F LRT- none                         nothere\n");
    assertThat(show("-dp", "a+b.cat"))
        .isEqualTo(
            "{ 'a+b.cat' : { ( 'Cat' , 'a+b.cat' , 'generating' ) : ( { ( '-E-rS-F' , 'LR--' , 'SECOND' , 'b.up' ) , "
                + "( '-E-rS-F' , 'LR--' , 'FIRST' , 'a.up' ) } ,)\n  }\n}\n");
    assertThat(show("-dpJ", "a+b.cat")).startsWith("( { ( '-E-rS-F'");
  }

  @Test
  void groupsOfWhichSomeAreHidden() {
    DepVector.Builder deps = new DepVector.Builder();
    int[] crcs = {1, 16, 18, 1, 20, 22, 1};
    for (int i = 0; i < crcs.length; i++) deps.add(site.graph.node("d" + i), 2, 0, i != 0 && i != 4, 0, crcs[i]);
    site.graph.setDeps(up, deps.build());
    assertThat(show("-dJ", "a.up"))
        .isEqualTo("------- -R--  / d1\n------- -R--  \\ d2\n------- -R--  / d4\n------- -R--  \\ d5\n");
  }

  @Test
  void targets() {
    int side = site.graph.node("a+b.side");
    int gone = site.graph.node("gone");
    site.graph.setTargets(
        cat,
        new TargetVector(
            new int[] {site.graph.node("a+b.cat"), side, gone},
            new int[] {
              TargetFlags.ESSENTIAL | TargetFlags.STATIC | TargetFlags.OFFICIAL,
              TargetFlags.STATIC,
              TargetFlags.UNLINKED
            },
            new long[] {Crc.EMPTY, Crc.UNKNOWN_REGULAR, Crc.NONE},
            new long[3]));
    assertThat(show("-t", "a+b.cat")).isEqualTo("W E---ST OUT a+b.cat\nW ----S-     a+b.side\n");
    assertThat(show("-tv", "a+b.cat"))
        .isEqualTo(
            "W E---ST empty-R   OUT a+b.cat\nW ----S- unknown-R     a+b.side\nU ------ none          gone\n");
    assertThat(show("-tp", "a+b.cat"))
        .isEqualTo(
            "{ 'a+b.cat' : { ( 'W' , 'E---ST' , 'OUT' , 'a+b.cat' ) , ( 'W' , '----S-' , '' , 'a+b.side' ) }\n}\n");
  }

  @Test
  void info() {
    assertThat(show("-i", "a+b.cat"))
        .isEqualTo(
            """
            rule               : Cat
            job                : a+b.cat
            ids                : job=JOB , small:1 , seq:7
            required target    : a+b.cat
            reason             : job was never run
            scheduling         : 2026-01-01 10:00:05.000 - 1.250s
            shell              : /bin/bash
            autodep            : ld_preload
            end date           : 2026-01-01 10:00:00.023
            os                 : debian/"12"/x86_64
            status             : ok
            tmp dir            : /repo/LMAKE/tmp/1
            rc                 : ok
            cpu time           : 0.006s
            elapsed in job     : 0.023s
            elapsed total      : 0.024s
            used mem           : 5.34MB
            cost               : 0.011s
            total targets size : 6B
            start message      : pid:1234
            resources :
              cpu : 1
            """
                .replace("JOB", "" + cat));
    assertThat(show("-ip", "a+b.cat"))
        .startsWith("{ 'a+b.cat' : { 'rule' : 'Cat'\n  , 'job' : 'a+b.cat'\n  , 'ids' : { 'job' : " + cat + "\n")
        .contains(", 'cpu_time' : 0.006000\n", ", 'used_mem' : 5595136\n", ", 'scheduling' : ( '2026-01-01 10:00:05.000' , 1.250000 )\n", ", 'required resources' : { 'cpu' : 1\n");
    assertThat(show("-i", "a.up")).contains("rc                 : ok (with non-empty stderr)\n");
    assertThat(show("-iv", "a.up")).contains("checksum           : " + Crc.show(FakeSite.crc("a.up")) + "\n");
  }

  @Test
  void filesWithoutJob() {
    assertThat(show("-i", "a.src")).isEqualTo("special : src\n");
    assertThat(session.code()).isZero();
    assertThat(show("-d", "a.src")).isEmpty();
    assertThat(session.code()).isEqualTo(1);
    assertThat(show("-dp", "a.src")).isEqualTo("{ 'a.src' : None\n}\n");
    assertThat(session.code()).isEqualTo(1);
    assertThat(show("-i", "x.bad")).isEqualTo("target not built\n  consider : lmake x.bad\n");
    assertThat(session.code()).isZero();
    assertThat(show("-ip", "x.bad")).isEqualTo("{ None : {}\n}\n");
    assertThat(show("-e", "x.bad")).isEqualTo("target not built\n  consider : lmake x.bad\n");
    assertThat(session.code()).isEqualTo(1);
    assertThat(show("-i", "unknown")).isEmpty();
    assertThat(session.code()).isZero();
    assertThat(show("-i", "../x")).isEqualTo("file is outside repo : ../x\n");
    assertThat(session.code()).isEqualTo(1);
    assertThat(show("-i")).isEmpty();
    assertThat(session.code()).isZero();
    assertThat(show("-ip")).isEqualTo("{}\n");
  }

  @Test
  void outputs() {
    assertThat(show("-e", "a.up")).isEqualTo("warn\n");
    assertThat(show("-c", "a.up")).isEqualTo("cat a\n");
    assertThat(show("-o", "a.up")).isEqualTo("out\n");
    assertThat(show("-e", "a.up", "a.src", "a+b.cat")).isEqualTo("a.up\n\twarn\na.src\na+b.cat\n");
    assertThat(session.code()).isEqualTo(1);
    assertThat(show("-ep", "a.up")).isEqualTo("{ 'a.up' : 'warn\\n'\n}\n");
    assertThat(show("-evp", "a.up")).isEqualTo("{ 'a.up' : ( 'pid:1234' , '' , 'warn\\n' )\n}\n");
    assertThat(show("-epJ", "a.up")).isEqualTo("'warn\\n'\n");
    assertThat(show("-E", "a.up")).isEqualTo("A    : 1\nPATH : $STD_PATH\n");
    assertThat(show("-u", "a.up")).isEqualTo("no trace kept\n");
    assertThat(session.code()).isEqualTo(1);
  }

  @Test
  void stdoutThatIsATarget() {
    RunRecord r = site.records.get(up);
    RunRecord.Ordered o = r.ordered();
    RunRecord.Ordered toTarget =
        new RunRecord.Ordered(
            o.seq(), o.smallId(), o.argv(), o.environ(), o.resources(), o.autodep(), "", "a.up", o.tmpDir(), 0, o.isolation());
    site.records.put(up, new RunRecord(toTarget, r.cause(), r.outcome(), r.usage()));
    assertThat(show("-o", "a.up")).contains("  consider : cat a.up\n");
    assertThat(session.code()).isEqualTo(1);
    assertThat(show("-op", "a.up")).isEqualTo("{ 'a.up' : None\n}\n");
    assertThat(session.code()).isZero();
  }

  @Test
  void billOfMaterials() {
    assertThat(show("-b", "a+b.cat")).isEqualTo("a+b.cat\n  b.up\n    b.src\n  a.up\n    a.src\n");
    assertThat(show("-bv", "a+b.cat"))
        .isEqualTo("a+b.cat\n  b.up\n    + b.src\n  a.up\n    + a.src\n  ! nothere\n");
    assertThat(show("-bq", "a+b.cat")).isEqualTo("b.src\na.src\n");
    assertThat(show("-bp", "a+b.cat").replaceAll("\\s", ""))
        .isEqualTo("{'a+b.cat':{'b.up':{'b.src':True},'a.up':{'a.src':True}}}");
    assertThat(show("-bpqv", "a+b.cat").replaceAll("\\s", "")).isEqualTo("{'b.src':True,'a.src':True,'nothere':False}");
  }

  @Test
  void inverse() {
    assertThat(show("-D", "a.up")).isEqualTo("Cat a+b.cat\n");
    assertThat(show("-T", "a.up")).isEqualTo("Up a.up\n");
    assertThat(show("-Dp", "a.up", "zz")).isEqualTo("{ 'a.up' : { ( 'Cat' , 'a+b.cat' ) }\n, 'zz' : {}\n}\n");
    assertThat(show("-D", "-J", "a.up")).isEmpty();
    assertThat(session.code()).isEqualTo(11);
  }

  @Test
  void running() {
    assertThat(show("-r")).isEmpty();
    assertThat(show("-rp").replaceAll("\\s", "")).isEqualTo("{}");
    int b = site.job("Up", "b.up");
    site.running.add(new Site.RunningJob(cat, 'W', List.of()));
    site.running.add(new Site.RunningJob(up, 'R', List.of(cat)));
    site.running.add(new Site.RunningJob(b, 'Q', List.of(cat)));
    assertThat(show("-r")).isEqualTo("W Cat a+b.cat\n  R Up  a.up\n  Q Up  b.up\n");
    assertThat(show("-rq")).isEqualTo("R Up  a.up\nQ Up  b.up\n");
    assertThat(show("-rp").replaceAll("\\s", ""))
        .isEqualTo("{('Cat','a+b.cat'):{('Up','a.up'):True,('Up','b.up'):False}}");
    assertThat(show("-rpq").replaceAll("\\s", "")).isEqualTo("{('Up','a.up'):True,('Up','b.up'):False}");
    assertThat(show("-r", "b.up")).isEqualTo("Q Up  b.up\n");
  }

  @Test
  void whyGoesDownToWhatTheUserDid() {
    site.graph.setReason(cat, new RunReason(RunReason.Kind.DEP_CHANGED, site.graph.node("a.up")));
    site.graph.setReason(up, new RunReason(RunReason.Kind.DEP_CHANGED, site.graph.node("a.src")));
    assertThat(show("--why", "a+b.cat"))
        .isEqualTo("Cat a+b.cat : dep out-of-date : a.up\n  Up a.up : dep out-of-date : a.src\n    a.src : source\n");
    assertThat(show("--why", "b.up")).isEqualTo("Up b.up : job was never run\n");
    site.graph.setReason(up, new RunReason(RunReason.Kind.DEP_CHANGED, site.graph.node("a+b.cat")));
    assertThat(show("--why", "a+b.cat")).endsWith("    Cat a+b.cat : see above\n");
  }

  @Test
  void namesBelowTheRoot() {
    assertThat(show(new FakeSession("lshow", "-t", "../a.up").from("sub")))
        .isEqualTo("startup dir : sub\nW E---ST OUT ../a.up\n");
    assertThat(show(new FakeSession("lshow", "-tq", "../a.up").from("sub"))).isEqualTo("W E---ST OUT ../a.up\n");
    assertThat(show(new FakeSession("lshow", "-tqp", "../a.up").from("sub"))).contains("'a.up' )");
    assertThat(show(new FakeSession("lshow", "-tqJ", "../a.up").from("sub"))).isEqualTo("W E---ST OUT ../a.up\n");
  }

  @Test
  void jobsByName() {
    assertThat(show("-tJ", "nope")).isEqualTo("cannot find job nope\n");
    assertThat(session.code()).isEqualTo(1);
    assertThat(show("-tJ", "a.up", "-R", "Cat")).isEqualTo("cannot find job a.up\n");
    assertThat(show("-t", "a.up", "-R", "Up")).isEmpty();
    assertThat(session.code()).isEqualTo(11);
    int known = site.graph.jobCount();
    assertThat(show("-tJ", "never.bad")).as("asking makes no job").isEqualTo("cannot find job never.bad\n");
    assertThat(site.graph.jobCount()).isEqualTo(known);
    FakeSession lmake = new FakeSession("lmake", "-J", "nope");
    Commands.run(site, lmake);
    assertThat(lmake.code()).isEqualTo(5);
    assertThat(lmake.complained()).isEqualTo("cannot find job nope\n");
    assertThat(lmake.said()).isEmpty();
    Commands.run(site, lmake = new FakeSession("lmake", "-J", "a.up"));
    assertThat(site.jobs).containsExactly(up);
    assertThat(site.targets).isEmpty();
    Commands.run(site, new FakeSession("lmake", "-J", "never.bad"));
    assertThat(site.jobs).containsExactly(known + 1);
  }

  @Test
  void withoutRules() {
    site = new FakeSite(root, null);
    show("-i", "x");
    assertThat(session.code()).isEqualTo(12);
    site.onDisk.add("LMAKE/version");
    show("-i", "x");
    assertThat(session.code()).isEqualTo(8);
    assertThat(session.complained()).isEqualTo("no config available\n");
  }

  @Test
  void helpAndVersion() {
    show("-h");
    assertThat(session.code()).isEqualTo(11);
    assertThat(session.said()).isEmpty();
    assertThat(session.complained()).startsWith("lshow ").contains("man lshow", "  -p or --porcelaine ");
    String help = session.complained();
    show("--help");
    assertThat(session.complained()).isEqualTo(help);
    show("--version");
    assertThat(session.complained()).startsWith("version 0.1.0");
    assertThat(session.code()).isZero();
    show("--version", "--nope");
    assertThat(session.complained()).isEqualTo("unexpected option --nope\n" + help);
    assertThat(session.code()).isEqualTo(11);
  }

  @Test
  void environmentGivesArgumentsToLmakeOnly() {
    FakeSession lmake = new FakeSession("lmake", "b.up").with("LMAKE_ARGS", " -j2  a.up ");
    Commands.run(site, lmake);
    assertThat(site.jobLimit).isEqualTo(2);
    assertThat(site.targets).containsExactly(site.graph.node("a.up"), site.graph.node("b.up"));
    Commands.run(site, lmake = new FakeSession("lmake").with("LMAKE_ARGS", "-Z"));
    assertThat(lmake.code()).isEqualTo(11);
    show(new FakeSession("lshow", "-t", "a.up").with("LMAKE_ARGS", "-Z"));
    assertThat(session.code()).isZero();
  }

  @Test
  void overlappingCommandsKeepTheirOptions() {
    List<Runnable> held = new ArrayList<>();
    site.held = held;
    Commands.run(site, new FakeSession("lmake", "-j3", "-e", "a.up"));
    Commands.run(site, new FakeSession("lmake", "-j7", "b.up"));
    held.get(0).run();
    assertThat(site.jobLimit).isEqualTo(3);
    assertThat(site.options.forgetOldErrors()).isTrue();
    assertThat(site.targets).containsExactly(site.graph.node("a.up"));
  }

  @Test
  void otherTools() {
    for (String tool : List.of("ldebug")) {
      FakeSession with = new FakeSession(tool, "-x");
      Commands.run(site, with);
      assertThat(with.complained()).isEqualTo(tool + ": not available in this version\n");
      assertThat(with.code()).isEqualTo(1);
    }
    FakeSession with = new FakeSession("lmake", "a.up");
    with.readOnly = true;
    Commands.run(site, with);
    assertThat(with.code()).isEqualTo(7);
    Commands.run(site, with = new FakeSession("lmake", "--shutdown"));
    assertThat(site.shutdown).isTrue();
    assertThat(with.code()).isZero();
    Commands.run(site, with = new FakeSession("lmake_dump"));
    assertThat(with.said()).contains("job " + cat + " rule=", "  dep -E-rS-F LR-- ");
    assertThat(with.code()).isZero();
  }

  @Test
  void literalsAreUnderstoodByPython() throws Exception {
    site.ran("Bad", JobStatus.OK, "it's\udcff \u00e9\ud83d\ude00\"\\.bad");
    for (String kind : List.of("-i", "-d", "-t", "-D", "-T", "-b", "-e", "-E", "-c", "-o", "-r", "--why")) {
      List<String> python = new ArrayList<>(List.of("python3", "-c", "import sys; eval(sys.stdin.read())"));
      Process process = new ProcessBuilder(python).redirectErrorStream(true).start();
      String literal = show(kind, "-pv", "a+b.cat", "it's\udcff \u00e9\ud83d\ude00\"\\.bad", "a.src", "nope");
      process.getOutputStream().write(literal.getBytes());
      process.getOutputStream().close();
      String complaint = new String(process.getInputStream().readAllBytes());
      assertThat(process.waitFor()).as("%s: %s%n%s", kind, literal, complaint).isZero();
    }
  }
}

package lmake.autodep;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import lmake.base.Crc;
import lmake.graph.Accesses;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.JobResult;
import lmake.graph.JobStatus;
import lmake.graph.MemoryNames;
import lmake.graph.MemoryShelf;
import lmake.graph.TargetFlags;
import lmake.graph.TargetVector;
import lmake.rules.Rule;
import lmake.rules.RuleBook;
import lmake.rules.RuleSketch;
import lmake.wire.JobEnd;
import lmake.wire.JobEnd.Outcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of a job, row by row of the tables of the specification. Letters of what was done: {@link Doings}. */
final class VerdictTest {
  private final RuleBook book =
      RuleSketch.book(
          List.of(
              RuleSketch.rule("Make")
                  .target("OUT", "{F:[a-z]+}.out")
                  .target("PART", "{F}.d/{N*:[0-9]+}")
                  .dep("SRC", "{F}.src")
                  .sideTarget("SIDE", "{F}.side")
                  .sideTarget("INC", "{F}.inc/{*:.*}", TargetFlags.INCREMENTAL)
                  .sideTarget("OVER", "{F}.over/{*:.*}", TargetFlags.SOURCE_OK)
                  .sideTarget("JUNK", "{F}.junk/{*:.*}", TargetFlags.IGNORE)
                  .sideTarget("NEAR", "near/{*:.*}")
                  .sideDep("OPEN", "open/{*:.*}", DepFlags.READDIR_OK)
                  .sideDep("SKIP", "skip/{*:.*}", DepFlags.IGNORE)
                  .sideDep("SOFT", "soft", DepFlags.IGNORE_ERROR | DepFlags.CRITICAL),
              RuleSketch.rule("Other").target("T", "{G:.*}.gen"),
              RuleSketch.anti("Never", "near/{:.*}.anti"),
              RuleSketch.source("Given", "near/{:.*}.given")),
          List.of("a.src", "s", "a.over/s", "top/src/s", "near/deep/s", "near/file", "near/in/", "../ext/"));
  private final Graph graph = new Graph(new MemoryNames(), new MemoryShelf());
  private final Rule rule = book.rules().stream().filter(r -> r.name().equals("Make")).findFirst().orElseThrow();

  private Case job(boolean lenient) {
    String[] stems = {"a"};
    return new Case(
        rule, stems, rule.staticDeps(stems).orElseThrow(), DepVector.EMPTY, Set.of(), lenient, lenient, false, lenient, 1500);
  }

  private JobResult judge(JobEnd end) {
    return Verdict.judge(job(false), book, graph, end);
  }

  /** Names of the hidden deps with kinds: {@code a.h:LR b:NONE}. */
  private String deps(JobResult result) {
    List<String> shown = new ArrayList<>();
    for (int i = 0; i < result.deps().size(); i++) {
      DepVector deps = result.deps();
      if ((deps.flags(i) & DepFlags.STATIC) != 0) continue;
      String kinds = Accesses.show(deps.kinds(i)).replace("-", "");
      String value = deps.value(i) == Crc.NONE ? "=none" : deps.has(i, DepVector.HOT) ? "=hot" : "";
      shown.add(graph.name(deps.node(i)) + (kinds.isEmpty() ? "" : ":" + kinds) + value);
    }
    return String.join(" ", shown);
  }

  /** Names of the targets but the static one; a minus for one that is not there. */
  private String targets(JobResult result) {
    List<String> shown = new ArrayList<>();
    TargetVector targets = result.targets();
    for (int i = 0; i < targets.size(); i++) {
      String name = graph.name(targets.node(i));
      boolean there = (targets.flags(i) & TargetFlags.UNLINKED) == 0;
      assertEquals(there, targets.crc(i) != Crc.NONE, name);
      if (!name.equals("a.out")) shown.add((there ? "" : "-") + name);
    }
    return String.join(" ", shown);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          # done                     | status     | deps             | targets    | first message
          # --- reads
          R:a.h                      | OK         | a.h:LR           | -          | -
          r:a.h                      | OK         | a.h:LR=none      | -          | -
          T:a.h                      | OK         | a.h:T            | -          | -
          S:a.h                      | OK         | a.h:LRT          | -          | -
          d:a.h                      | OK         | a.h=none         | -          | -
          R:a.src                    | OK         | -                | -          | -
          R:skip/x                   | OK         | -                | -          | -
          R:a.junk/x                 | OK         | -                | -          | -
          R:/etc/x R:../no/x         | OK         | -                | -          | -
          R:../ext/x                 | OK         | ../ext/x:LR      | -          | -
          R:LMAKE/lmake/x            | OK         | -                | -          | -
          R:LMAKE/auto_tmp/3/x       | OK         | -                | -          | -
          R:LMAKE/rules              | OK         | LMAKE/rules:LR   | -          | -
          R:a.side                   | OK         | a.side:LR        | -          | -
          R:b.out                    | OK         | b.out:LR         | -          | -
          R:b.d/1                    | OK         | b.d/1:LR         | -          | -
          r:a.d/1                    | OK         | -                | -          | -
          R:a.d/1                    | BAD_TARGET | -                | a.d/1      | target existed before job : a.d/1
          R:a.out                    | OK         | -                | -          | -
          R:a.inc/x                  | OK         | -                | a.inc/x    | -
          r:a.inc/x                  | OK         | a.inc/x:LR=none  | -          | -
          R:a.inc/x.gen              | OK         | a.inc/x.gen:LR   | -          | -
          R:near/in/x                | OK         | near/in/x:LR     | -          | -
          # --- writes of what is declared
          w:a.d/1                    | OK         | -                | a.d/1      | -
          w:a.side                   | OK         | -                | a.side     | -
          wr:a.d/1                   | OK         | -                | a.d/1      | -
          rw:a.d/1                   | OK         | -                | a.d/1      | -
          sw:a.side                  | OK         | -                | a.side     | -
          RW:a.inc/x                 | OK         | -                | a.inc/x    | -
          W:a.inc/x                  | OK         | -                | a.inc/x    | -
          U:a.inc/x                  | OK         | -                | -a.inc/x   | -
          w:a.junk/x                 | OK         | -                | -          | -
          wu:a.d/1                   | OK         | -                | -          | -
          rwu:a.d/1                  | OK         | -                | -          | -
          U:a.d/1                    | OK         | -                | -a.d/1     | -
          W:a.d/1                    | BAD_TARGET | -                | a.d/1      | target existed before job : a.d/1
          W:a.side                   | BAD_TARGET | -                | a.side     | target existed before job : a.side
          W:a.out                    | OK         | -                | -          | -
          # --- declared by a call
          aw:x                       | OK         | -                | x          | -
          arw:x                      | OK         | -                | x          | -
          ar:x                       | OK         | -                | -          | -
          raw:x                      | FORBIDDEN  | x:LR=none        | x          | write after read : x
          Taw:x                      | FORBIDDEN  | x:T              | x          | write after read : x
          daw:x                      | FORBIDDEN  | x=none           | x          | write after read : x
          rawu:x                     | OK         | x:LR=none        | -          | -
          Rawu:x                     | FORBIDDEN  | x:LR             | -x         | write after read : x
          aW:x                       | BAD_TARGET | -                | x          | target existed before job : x
          ARW:x+i                    | OK         | -                | x          | -
          a:x                        | OK         | -                | -          | -
          a:x+p                      | OK         | -                | -x         | -
          # --- undeclared
          w:x                        | FORBIDDEN  | -                | x          | unexpected write to x
          W:x                        | FORBIDDEN  | -                | x          | unexpected write to x
          rw:x                       | FORBIDDEN  | x:LR=none        | x          | unexpected write to x
          wu:x                       | OK         | -                | -          | -
          rwu:x                      | OK         | x:LR=none        | -          | -
          U:x                        | OK         | -                | -x         | -
          RU:x                       | FORBIDDEN  | x:LR             | -x         | write after read : x
          w:b.out                    | FORBIDDEN  | -                | b.out      | unexpected write to b.out
          # --- static deps
          W:a.src                    | FORBIDDEN  | -                | a.src      | unexpected write to static dep : a.src
          U:a.src                    | FORBIDDEN  | -                | -a.src     | unexpected write to static dep : a.src
          # --- sources and what is around them
          W:s                        | FORBIDDEN  | -                | s          | unexpected write to source : s
          U:s                        | FORBIDDEN  | -                | -s         | unexpected write to source : s
          RW:s                       | FORBIDDEN  | s:LR             | s          | unexpected write to source : s
          W:a.over/s                 | OK         | -                | a.over/s   | -
          RW:a.over/s                | OK         | a.over/s:LR      | a.over/s   | -
          aW:s+s                     | OK         | -                | s          | -
          RaW:s+s                    | OK         | s:LR             | s          | -
          aRW:s+s                    | OK         | s:LR             | s          | -
          RaW:s+s+i                  | OK         | -                | s          | -
          w:near/in/x                | FORBIDDEN  | -                | near/in/x  | unexpected write to source sub-dir : near/in/x
          w:near/deep                | FORBIDDEN  | -                | near/deep  | unexpected write to dir of source : near/deep
          w:near/file/x              | FORBIDDEN  | -                | near/file/x | unexpected write below source : near/file/x
          w:near/x.anti              | FORBIDDEN  | -                | near/x.anti | unexpected write to anti-target : near/x.anti
          W:near/x.given             | FORBIDDEN  | -                | near/x.given | unexpected write to source : near/x.given
          wu:near/file/x             | OK         | -                | -          | -
          W:../ext/x                 | OK         | ../ext/x:L       | -          | -
          w:/tmp/x                   | OK         | -                | -          | -
          # --- listing
          l:dir                      | FORBIDDEN  | -                | -          | readdir without readdir_ok : dir
          l:.                        | FORBIDDEN  | -                | -          | readdir without readdir_ok : .
          l:dir+d                    | OK         | -                | -          | -
          l:open/x                   | OK         | -                | -          | -
          l:skip/x                   | OK         | -                | -          | -
          l:a.inc/x                  | OK         | -                | -          | -
          l:../ext/x                 | OK         | -                | -          | -
          l:/etc                     | OK         | -                | -          | -
          """)
  void eachDoing(String done, JobStatus status, String deps, String targets, String message) {
    JobResult result = judge(Doings.end(done + (done.contains(":a.out") ? "" : " w:a.out")));
    assertEquals(status, result.status(), result.messages().toString());
    assertEquals(deps == null ? "" : deps, deps(result));
    assertEquals(targets == null ? "" : targets, targets(result));
    assertEquals(message, result.messages().isEmpty() ? null : result.messages().get(0));
  }

  @ParameterizedTest(name = "{0} {1} stderr={2} {3}")
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          # outcome   | wait  | stderr | done        | status      | messages
          EXITED      | 0     | -      | w:a.out     | OK          | -
          EXITED      | 768   | -      | w:a.out     | JOB_ERROR   | exit status 3
          EXITED      | 768   | -      | w:x         | JOB_ERROR   | exit status 3/unexpected write to x/*
          EXITED      | 0     | -      | -           | FORBIDDEN   | missing target : a.out
          EXITED      | 0     | -      | w:x         | FORBIDDEN   | unexpected write to x/*
          EXITED      | 0     | -      | W:a.d/1     | BAD_TARGET  | target existed before job : a.d/1
          EXITED      | 768   | -      | R:a.d/1     | BAD_TARGET  | exit status 3/target existed before job : a.d/1
          EXITED      | 0     | -      | W:a.d/1 w:x | FORBIDDEN   | unexpected write to x/*/target existed before job : a.d/1
          EXITED      | 0     | oops   | w:a.out     | FORBIDDEN   | non-empty stderr/*
          EXITED      | 0     | oops   | -           | FORBIDDEN   | missing target : a.out
          EXITED      | 256   | oops   | -           | JOB_ERROR   | exit status 1
          SIGNALED    | 11    | -      | -           | JOB_ERROR   | killed by SIGSEGV
          SIGNALED    | 134   | -      | -           | JOB_ERROR   | killed by SIGABRT
          SIGNALED    | 8     | -      | -           | JOB_ERROR   | killed by SIGFPE
          SIGNALED    | 4     | -      | -           | JOB_ERROR   | killed by SIGILL
          SIGNALED    | 7     | -      | -           | JOB_ERROR   | killed by SIGBUS
          SIGNALED    | 31    | -      | -           | JOB_ERROR   | killed by SIGSYS
          SIGNALED    | 9     | -      | -           | LOST        | vanished after start, killed by signal 9
          SIGNALED    | 15    | -      | w:a.out     | LOST        | vanished after start, killed by signal 15
          TIMEOUT     | 9     | -      | -           | TIMEOUT     | timeout after 1.500s
          KILLED      | 9     | -      | w:x         | KILLED      | -
          CHECK_DEPS  | 9     | -      | w:x         | CHK_DEPS    | -
          NOT_STARTED | 0     | -      | -           | EARLY_ERROR | the agent says why
          REFUSED     | 9     | -      | -           | FORBIDDEN   | the agent says why
          """)
  void eachEnding(Outcome outcome, int wait, String stderr, String done, JobStatus status, String messages) {
    JobResult result = judge(Doings.end(done, outcome, wait, stderr == null ? "" : stderr));
    assertEquals(status, result.status());
    List<String> shown = result.messages().stream().map(line -> line.startsWith("  ") ? "*" : line).toList();
    assertEquals(messages == null ? "" : messages, String.join("/", shown));
    assertEquals(stderr != null, result.hasStderr());
    assertEquals(250, result.execMs());
  }

  @Test
  void leniencyForgives() {
    JobEnd end = Doings.end("l:dir W:s+x aW:s w:a.out", Outcome.EXITED, 0, "warning");
    JobResult result = Verdict.judge(job(true), book, graph, Doings.end("l:dir aW:s w:a.out", Outcome.EXITED, 0, "warning"));
    assertEquals(JobStatus.OK, result.status(), result.messages().toString());
    assertEquals(JobStatus.FORBIDDEN, judge(end).status());
  }

  @Test
  void aLostRunIsWorthNothing() {
    JobResult result = judge(Doings.end("R:a.h w:a.out w:a.d/1", Outcome.SIGNALED, 9, ""));
    assertEquals(0, result.deps().size());
    assertEquals("a.d/1", targets(result));
    for (int i = 0; i < result.targets().size(); i++) assertEquals(Crc.UNKNOWN, result.targets().crc(i));
  }

  @Test
  void checkDepsTeachesDeps() {
    assertEquals("a.h:LR", deps(judge(Doings.end("R:a.h", Outcome.CHECK_DEPS, 9, ""))));
  }

  @Test
  void undeclaredWritesPollute() {
    JobResult result = judge(Doings.end("w:x U:y w:a.out w:a.side W:s"));
    List<String> names = result.pollutes().stream().map(graph::name).toList();
    assertEquals(List.of("x", "y", "s"), names);
  }

  @Test
  void staticDepsComeFirstAndAlways() {
    DepVector none = judge(Doings.end("R:x w:a.out")).deps();
    assertEquals("a.src", graph.name(none.node(0)));
    assertEquals(0, none.kinds(0));
    DepVector late = judge(Doings.end("R:x R:a.src w:a.out")).deps();
    assertEquals("a.src", graph.name(late.node(0)));
    assertEquals(Accesses.L | Accesses.R, late.kinds(0));
    assertEquals(true, late.has(0, DepVector.SIG));
    assertEquals(Doings.SIG, late.value(0));
    assertEquals(DepFlags.STATIC | DepFlags.REQUIRED, late.flags(0) & (DepFlags.STATIC | DepFlags.REQUIRED));
  }

  @Test
  void untracedJobsReadTheirStaticDeps() {
    Case traced = job(false);
    Case job = new Case(rule, traced.stems(), traced.statics(), DepVector.EMPTY, Set.of(), false, false, true, false, 0);
    graph.setContent(graph.node("a.src"), 0x5550, 0x77);
    DepVector deps = Verdict.judge(job, book, graph, Doings.end("?:a.out")).deps();
    assertEquals(Accesses.L | Accesses.R | Accesses.T, deps.kinds(0));
    assertEquals(0x5550, deps.value(0));
    assertEquals(false, deps.has(0, DepVector.SIG));
  }

  @Test
  void parallelGroups() {
    DepVector deps = judge(Doings.end("R:p d:q#1 d:r#1 R:s2 d:t#2 d:u#2+e w:a.out")).deps();
    StringBuilder shown = new StringBuilder();
    for (int i = 0; i < deps.size(); i++) shown.append(deps.has(i, DepVector.PARALLEL) ? '+' : ' ').append(graph.name(deps.node(i)));
    assertEquals(" a.src p q+r s2 t+u", shown.toString());
    assertEquals(DepFlags.REQUIRED | DepFlags.FULL | DepFlags.IGNORE_ERROR, deps.flags(6));
    assertEquals(DepFlags.FULL, deps.flags(1));
  }

  @Test
  void flagsOfSideDepsAndCalls() {
    DepVector deps = judge(Doings.end("R:soft d:open/f d:g+d w:a.out")).deps();
    assertEquals(DepFlags.FULL | DepFlags.IGNORE_ERROR | DepFlags.CRITICAL, deps.flags(1));
    assertEquals(DepFlags.FULL | DepFlags.READDIR_OK, deps.flags(2), "what may be a dir is not required");
    assertEquals(DepFlags.FULL | DepFlags.READDIR_OK, deps.flags(3));
  }

  @ParameterizedTest(name = "{0} known={1}: {2}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # done  | known | hot
          R:h     | false | false
          R:h~    | false | true
          R:h~    | true  | false
          T:h~    | false | false
          R:h!    | false | true
          R:h!    | true  | true
          T:h!    | false | false
          d:h     | false | false
          r:h     | false | false
          r:h?    | false | true
          t:h?    | false | true
          R:h^    | false | true
          T:h^    | true  | true
          """)
  void hotDeps(String done, boolean known, boolean hot) {
    DepVector before = known
        ? new DepVector.Builder().add(graph.node("h"), Accesses.R, 0, false, 0, Crc.NONE).build()
        : DepVector.EMPTY;
    Case plain = job(false);
    Case job = new Case(rule, plain.stems(), plain.statics(), before, Set.of(), false, false, false, false, 0);
    DepVector deps = Verdict.judge(job, book, graph, Doings.end(done + " w:a.out")).deps();
    assertEquals(hot, deps.has(1, DepVector.HOT));
    Case waits = new Case(
        rule, plain.stems(), plain.statics(), DepVector.EMPTY, Set.of(graph.node("h")), false, false, false, false, 0);
    DepVector waited = Verdict.judge(waits, book, graph, Doings.end(done + " w:a.out")).deps();
    assertEquals(hot && !done.contains("~"), waited.has(1, DepVector.HOT));
  }

  @Test
  void sourceThatWasWrittenIsRememberedAsItWasLeft() {
    DepVector deps = judge(Doings.end("RW:s w:a.out")).deps();
    assertEquals("s", graph.name(deps.node(1)));
    assertEquals(Doings.OWN_CRC, deps.value(1));
    assertEquals(false, deps.has(1, DepVector.SIG) || deps.has(1, DepVector.HOT));
    assertEquals(Crc.NONE, judge(Doings.end("RU:s w:a.out")).deps().value(1));
  }

  @Test
  void existenceIsNotContent() {
    DepVector deps = judge(Doings.end("T:h t:g w:a.out")).deps();
    assertEquals(false, Crc.differs(deps.value(1), 0x1230, deps.kinds(1)), "content changed");
    assertEquals(true, Crc.differs(deps.value(1), Crc.NONE, deps.kinds(1)), "gone");
    assertEquals(true, Crc.differs(deps.value(2), 0x1230, deps.kinds(2)), "came");
    assertEquals(false, Crc.differs(deps.value(2), Crc.NONE, deps.kinds(2)), "still absent");
  }

  @Test
  void dirsOnTheWayAreNoDeps() {
    var link = Accesses.L;
    var dir = new lmake.wire.Access("d", link, Doings.START, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    var empty = new lmake.wire.Access("e", link, Doings.START + 1, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    var accesses = new ArrayList<>(List.of(dir, empty));
    accesses.addAll(Doings.of("R:d/x r:e/x w:a.out"));
    JobEnd plain = Doings.end("");
    JobEnd end = new JobEnd(
        1, Outcome.EXITED, 0, 0, 0, 0, 0, 0, 0, plain.stdout(), plain.stderr(), List.of(), List.of(), accesses, List.of());
    assertEquals("e:L=none d/x:LR e/x:LR=none", deps(judge(end)));
  }

  @Test
  void sourceThatIsADirOnTheWayIsADep() {
    var dir = new lmake.wire.Access("s", Accesses.L, Doings.START, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    var accesses = new ArrayList<>(List.of(dir));
    accesses.addAll(Doings.of("R:s/x w:a.out"));
    JobEnd plain = Doings.end("");
    JobEnd end = new JobEnd(
        1, Outcome.EXITED, 0, 0, 0, 0, 0, 0, 0, plain.stdout(), plain.stderr(), List.of(), List.of(), accesses, List.of());
    assertEquals("s:L=none s/x:LR", deps(judge(end)));
  }

  @Test
  void linksOnTheWayAreDeps() {
    var way = new lmake.wire.Access(
        "k", Accesses.L | Accesses.EXISTED, Doings.START, 0, 0, Doings.SIG, Doings.SIG, 0, 0, 0, 0, 0);
    var accesses = new ArrayList<>(List.of(way));
    accesses.addAll(Doings.of("R:k/x w:a.out"));
    JobEnd plain = Doings.end("");
    JobEnd end = new JobEnd(
        1, Outcome.EXITED, 0, 0, 0, 0, 0, 0, 0, plain.stdout(), plain.stderr(), List.of(), List.of(), accesses, List.of());
    assertEquals("k:L k/x:LR", deps(judge(end)));
  }

  @Test
  void callsWithPatterns() {
    long early = Doings.START;
    long late = Doings.START + 3_500_000_000L;
    List<JobEnd.PatternCall> calls = List.of(
        new JobEnd.PatternCall("gen/(?P<n>.*)\\.(?P=n)", true, 0, TargetFlags.ALLOW, early),
        new JobEnd.PatternCall(".*\\.log", false, DepFlags.IGNORE, 0, late),
        new JobEnd.PatternCall("c[[]d", false, DepFlags.CRITICAL, 0, late),
        new JobEnd.PatternCall("(", false, DepFlags.CRITICAL, 0, late));
    JobResult result = judge(
        Doings.end("w:gen/x.x w:gen/x.y R:1.log R:c[d R:2.log w:a.out", Outcome.EXITED, 0, "", List.of(), calls));
    assertEquals("gen/x.x gen/x.y", targets(result));
    assertEquals("1.log:LR c[d:LR", deps(result));
    assertEquals(DepFlags.FULL | DepFlags.CRITICAL, result.deps().flags(2));
    assertEquals(List.of("pattern is no regular expression : (", "unexpected write to gen/x.y"), result.messages().subList(0, 2));
  }

  @Test
  void longNamesAreNotWritten() {
    String name = "near/" + "x".repeat(200);
    assertEquals("name of target is too long : " + name, judge(Doings.end("w:" + name + " w:a.out")).messages().get(0));
    String wide = "near/" + "\u00e9".repeat(100); // two bytes each
    assertEquals("name of target is too long : " + wide, judge(Doings.end("w:" + wide + " w:a.out")).messages().get(0));
  }

  @Test
  void targetsCarryWhatIsOnDisk() {
    TargetVector targets = judge(Doings.end("w:a.d/1 aw:x w:a.out")).targets();
    assertEquals(List.of("a.out", "a.d/1", "x"), names(targets));
    for (int i = 0; i < 3; i++) assertEquals(List.of(Doings.OWN_CRC, Doings.OWN_SIG), List.of(targets.crc(i), targets.sig(i)));
    assertEquals(TargetFlags.STATIC | TargetFlags.OFFICIAL | TargetFlags.ESSENTIAL, targets.flags(0));
    assertEquals(TargetFlags.OFFICIAL, targets.flags(1));
    assertEquals(TargetFlags.ALLOW, targets.flags(2));
  }

  private List<String> names(TargetVector targets) {
    String[] names = new String[targets.size()];
    Arrays.setAll(names, i -> graph.name(targets.node(i)));
    return List.of(names);
  }

  @Test
  void phonyAndOptionalTargetsMayBeMissing() {
    RuleBook phony = RuleSketch.book(
        List.of(
            RuleSketch.rule("P").target("A", "{F:.*}.a", TargetFlags.PHONY).target("B", "{F}.b", TargetFlags.OPTIONAL)
                .target("C", "{F}.c")),
        List.of());
    Rule only = phony.rules().get(0);
    Case job = new Case(only, new String[] {"x"}, List.of(), DepVector.EMPTY, Set.of(), false, false, false, false, 0);
    assertEquals(List.of("missing target : x.c"), Verdict.judge(job, phony, graph, Doings.end("")).messages());
    JobResult result = Verdict.judge(job, phony, graph, Doings.end("w:x.c"));
    assertEquals(JobStatus.OK, result.status());
    assertEquals("-x.a -x.b x.c", targets(result));
  }
}

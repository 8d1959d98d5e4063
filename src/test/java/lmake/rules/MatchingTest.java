package lmake.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.List;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which names a pattern takes, with which stems, and in which order rules come. */
final class MatchingTest {
  private static String show(Rule rule, String[] stems) {
    StringJoiner out = new StringJoiner(", ", "{", "}");
    for (int i = 0; i < stems.length; i++) out.add(rule.stemNames().get(i) + "=" + stems[i]);
    return out.toString();
  }

  private static Rule only(RuleSketch sketch) {
    return RuleSketch.book(List.of(sketch), List.of()).rules().get(0);
  }

  @ParameterizedTest(name = "{0} on {1}")
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          # pattern               | name          | stems
          {Base:.*}.o             | src/a.o       | {Base=src/a}
          {Base:.*}.o             | src/a.c       | no match
          {Base:.*}.o             | .o            | {Base=}
          {Base:.+}.o             | .o            | no match
          {Base:.+}.o             | a.o           | {Base=a}
          {Base:.*}.o             | a.o.o         | {Base=a.o}
          {A:.*}-{B:.*}           | x-y-z         | {A=x-y, B=z}
          {A:.*?}-{B:.*}          | x-y-z         | {A=x, B=y-z}
          {A:[a-z]+}/{B:[0-9]+}   | ab/12         | {A=ab, B=12}
          {A:[a-z]+}/{B:[0-9]+}   | ab/12x        | no match
          {A:.+}/{A}.x            | q/q.x         | {A=q}
          {A:.+}/{A}.x            | q/r.x         | no match
          a.out                   | a.out         | {}
          a.out                   | a_out         | no match
          a+b                     | a+b           | {}
          a+b                     | aab           | no match
          {{x}}{A:.*}             | {x}y          | {A=y}
          {A:x{2,3}}.t            | xxx.t         | {A=xxx}
          {A:x{2,3}}.t            | xxxx.t        | no match
          pre{A:.*}post           | prepost       | {A=}
          pre{A:.*}prefix         | prefix        | no match
          aba{A:.*}aba            | aba           | no match
          aba{A:.*}aba            | abaXaba       | {A=X}
          {:.*}.a                 | z.a           | {<stem1>=z}
          {A:([xy])+}{B:z}        | xyz           | {A=xy, B=z}
          """)
  void wholeNameIsMatchedGreedily(String pattern, String name, String stems) {
    Rule rule = only(RuleSketch.rule("R").target("T", pattern));
    String found = rule.targets().get(0).match(name).map(values -> show(rule, values)).orElse("no match");
    assertEquals(stems, found);
  }

  @Test
  void newlinesAreOrdinaryCharacters() {
    Rule rule = only(RuleSketch.rule("R").target("T", "{A:[a-z].*}/x{B:.}"));
    assertEquals("{A=a\nb, B=\n}", show(rule, rule.targets().get(0).match("a\nb/x\n").orElseThrow()));
  }

  @Test
  void bytesThatAreNotTextAreMatched() {
    Rule rule = only(RuleSketch.rule("R").target("T", "{A:.*}.o").target("U", "{A}.{B*:.}.p"));
    assertEquals("\udc80\udcff", rule.targets().get(0).match("\udc80\udcff.o").orElseThrow()[0]);
    assertEquals("\udc80", rule.targets().get(1).match("\udc80.\udcfe.p").orElseThrow()[0]);
  }

  @ParameterizedTest(name = "{0} of {1} has {2}: {3}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # star target           | A     | name       | matches
          {A}.d/{N*:[0-9]+}.txt   | x     | x.d/12.txt | true
          {A}.d/{N*:[0-9]+}.txt   | x     | y.d/12.txt | false
          {A}.d/{N*:[0-9]+}.txt   | x     | x.d/1a.txt | false
          {A}-{N*:.*}             | x     | x-y-z      | true
          {A}-{N*:.*}             | x-y   | x-y-z      | true
          {A}-{N*:.*}             | x-y-z | x-y-z      | false
          {N*:.*}-{A}             | z     | x-y-z      | true
          {N*:.*}-{A}             | y-z   | x-y-z      | true
          {N*:.*}-{A}             | y     | x-y-z      | false
          {A}/{N*:.*}/{A}         | a     | a/b/a      | true
          {A}/{N*:.*}/{A}         | a     | a/b/c      | false
          """)
  void starTargetOfOneJob(String pattern, String stem, String name, boolean matches) {
    Rule rule = only(RuleSketch.rule("R").target("T", "{A:([a-z]|-)+}.lst").target("S", pattern));
    TargetEntry star = rule.targets().get(1);
    assertEquals(matches, star.matches(name, new String[] {stem}));
  }

  @Test
  void rulesComeInMatchingOrder() {
    RuleBook book = RuleSketch.book(
        List.of(
            RuleSketch.rule("Low").target("T", "{A:.*}.x").prio(-1),
            RuleSketch.rule("First").target("T", "{B:.+}.x"),
            RuleSketch.rule("High").target("T", "{A:.*}x").prio(2),
            RuleSketch.source("Src", "s{A:.*}.x"),
            RuleSketch.rule("Second").target("T", "sub{C:.*}"),
            RuleSketch.anti("Anti", "sub/{A:.*}.x"),
            RuleSketch.anti("LowAnti", "{A:.*}x").prio(-5)),
        List.of());
    assertEquals("Anti Src LowAnti High First Second Low", names(book, "sub/a.x"));
    assertEquals("LowAnti High First Low", names(book, "b.x"));
    assertEquals("", names(book, "b.y"));
  }

  private static String names(RuleBook book, String file) {
    return book.candidates(file).stream().map(candidate -> candidate.rule().name()).collect(Collectors.joining(" "));
  }

  @Test
  void oneCandidatePerRuleByItsFirstTarget() {
    RuleBook book = RuleSketch.book(
        List.of(RuleSketch.rule("R").target("STAR", "{A:.*}.{S*:.*}").target("B", "{A}.b").target("C", "{A}.b")), List.of());
    List<Candidate> found = book.candidates("x.b");
    assertEquals(1, found.size());
    assertEquals("B", found.get(0).target().key());
    assertEquals("STAR", book.candidates("x.c").get(0).target().key());
  }

  @Test
  void jobNameShowsStars() {
    Rule rule = only(RuleSketch.rule("R").target("L", "{A:.*}.l").target("S", "{A}.{N*:.*}").jobName("{A}-{N*}-{*:x}"));
    assertEquals("q-{N*}-{*}", rule.jobName(new String[] {"q"}));
  }

  @Test
  void matchDigestFollowsWhatMatters() {
    RuleSketch.Ids ids = new RuleSketch.Ids();
    long before = digest(ids, 0, "x", "s");
    assertEquals(before, digest(ids, 0, "x", "s"));
    assertEquals(before, digest(ids, 7, "x", "s"), "the only rule has no order");
    assertNotEquals(before, digest(ids, 0, "y", "s"));
    assertNotEquals(before, digest(ids, 0, "x", "t"));
  }

  private static long digest(RuleIds ids, double prio, String target, String source) {
    RuleSketch rule = RuleSketch.rule("R").target("T", target).prio(prio);
    return RuleSketch.book(List.of(rule), List.of(source), ids, (c, t, v) -> null).matchDigest();
  }

  @Test
  void dirsGoAsFarAsNoStarIsMet() {
    Rule rule =
        only(
            RuleSketch.rule("R")
                .target("OUT", "{F:[a-z]+}/out")
                .target("PARTS", "{F}/parts/deep/{N*:[0-9]+}/x")
                .target("MIDDLE", "{F}/parts/n{N*}")
                .sideTarget("LOG", "log/{F}/all")
                .sideTarget("ANY", "{*:.*}/__pycache__/x")
                .sideDep("DEP", "not/{F}/this"));
    assertEquals(List.of("q", "log/q", "q/parts/deep", "q/parts"), rule.dirs(new String[] {"q"}));
  }
}

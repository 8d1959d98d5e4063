package lmake.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.Collectors;
import lmake.graph.DepFlags;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names and flags of static deps, and why a rule steps aside. */
final class StaticDepsTest {
  private static Rule rule(RuleSketch sketch, Evaluator evaluator) {
    return RuleSketch.book(List.of(sketch), List.of("../ext/", "/abs/lib/"), new RuleSketch.Ids(), evaluator).rules().get(0);
  }

  private static RuleSketch sketch() {
    return RuleSketch.rule("R").target("OUT", "{F:.*}.o").sideTarget("SIDE", "{F}.s");
  }

  @ParameterizedTest(name = "{0} for {1}")
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          # template     | F      | dep           | complaint
          {F}.c          | a/b    | a/b.c         | -
          {OUT}.d        | x      | x.o.d         | -
          {SIDE}         | x      | x.s           | -
          plain          | x      | plain         | -
          ../ext/{F}     | x/y    | ../ext/x/y    | -
          /abs/lib/{F}   | x      | /abs/lib/x    | -
          .hidden/{F}    | ..x    | .hidden/..x   | -
          {F}            | ''     | -             | dep D: the name is empty
          {F}/           | x      | -             | dep D: 'x/' ends with /
          d/{F}          | ''     | -             | dep D: 'd/' ends with /
          {F}.c          | a//b   | -             | dep D: 'a//b.c' is not canonical
          {F}.c          | ./a    | -             | dep D: './a.c' is not canonical
          {F}/x          | a/..   | -             | dep D: 'a/../x' is not canonical
          {F}/x          | .      | -             | dep D: './x' is not canonical
          {F}            | .      | -             | dep D: '.' is not canonical
          {F}            | ..     | -             | dep D: '..' is not canonical
          {F}            | ../x   | -             | dep D: '../x' is neither in the repo nor below a source dir, as the manifest spells it
          /abs/{F}       | x      | -             | dep D: '/abs/x' is neither in the repo nor below a source dir, as the manifest spells it
          {F}            | ../ext | -             | dep D: '../ext' is neither in the repo nor below a source dir, as the manifest spells it
          ../ext/{F}     | ../x   | -             | dep D: '../ext/../x' is not canonical
          LMAKE/lmake/{F} | x     | -             | dep D: 'LMAKE/lmake/x' is private to lmake
          LMAKE/{F}      | x      | LMAKE/x       | -
          """)
  void names(String template, String stem, String dep, String complaint) {
    Rule rule = rule(sketch().dep("D", template), (c, t, v) -> null);
    String[] stems = {stem};
    var deps = rule.staticDeps(stems);
    assertEquals(dep, deps.map(list -> list.get(0).name()).orElse(null));
    assertEquals(complaint, rule.whyNoDeps(stems).stream().findFirst().map(line -> line.split("\n")[0]).orElse(null));
  }

  /** Such a file would be washed, or its dir made, wherever it is. */
  @ParameterizedTest(name = "{0} for {1}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # target          | F           | complaint
          {F}/log           | a           | ''
          {F}/log           | ''          | target T: '/log' is no canonical name in the repo
          {F}/log           | ..          | target T: '../log' is no canonical name in the repo
          {F}/log           | a/.         | target T: 'a/./log' is no canonical name in the repo
          {F}log            | /tmp/       | target T: '/tmp/log' is no canonical name in the repo
          {F}/data          | LMAKE/lmake | target T: 'LMAKE/lmake/data' is no canonical name in the repo
          {F}/d/{N*:.*}.log | ''          | target T: '/d/{N*}.log' is no canonical name in the repo
          {F}/d/{N*:.*}.log | a           | ''
          {F}               | ''          | target T: '' is no canonical name in the repo
          """)
  void ruleStepsAsideWhoseTargetWouldBeElsewhere(String target, String stem, String complaint) {
    Rule rule = rule(RuleSketch.rule("R").target("OUT", "x{F:.*}.o").target("T", target), (c, t, v) -> null);
    String[] stems = {stem};
    assertEquals(complaint, String.join("", rule.whyNoDeps(stems)));
    assertEquals(complaint.isEmpty(), rule.staticDeps(stems).isPresent());
  }

  @Test
  void orderAndFlags() {
    Rule rule = rule(sketch().dep("A", "{F}.a", DepFlags.CRITICAL).dep("B", "{F}.b"), (c, t, v) -> null);
    List<StaticDep> deps = rule.staticDeps(new String[] {"x"}).orElseThrow();
    assertEquals("A B", deps.stream().map(StaticDep::key).collect(Collectors.joining(" ")));
    int always = DepFlags.STATIC | DepFlags.REQUIRED | DepFlags.ESSENTIAL | DepFlags.FULL;
    assertEquals(always | DepFlags.CRITICAL, deps.get(0).flags());
    assertEquals(always, deps.get(1).flags());
  }

  @Test
  void pythonGivesNamesFlagsOrNothing() {
    Evaluator python = (code, text, vars) -> {
      if (vars.get("F").equals("bad")) throw new Evaluator.EvalError("ValueError: no");
      return code == 1 ? RuleSketch.object("name", vars.get("F") + ".1", "flags", DepFlags.IGNORE_ERROR) : null;
    };
    Rule rule = rule(sketch().depCode("A", 1, "f", "F").depCode("B", 2, "g", "F"), python);
    List<StaticDep> deps = rule.staticDeps(new String[] {"x"}).orElseThrow();
    assertEquals(1, deps.size());
    assertEquals("x.1", deps.get(0).name());
    assertEquals(DepFlags.STATIC | DepFlags.REQUIRED | DepFlags.FULL | DepFlags.IGNORE_ERROR, deps.get(0).flags());
    assertEquals(
        List.of("cannot compute dep A: ValueError: no", "cannot compute dep B: ValueError: no"),
        rule.whyNoDeps(new String[] {"bad"}));
  }

  @Test
  void oneFunctionMayGiveAll() {
    RuleSketch sketch = sketch();
    sketch.put("deps", sketch.code(1, "f", "F", "targets"));
    Rule rule = rule(sketch, (code, text, vars) -> switch ((String) vars.get("F")) {
      case "none" -> null;
      case "odd" -> "x";
      default -> RuleSketch.object("A", RuleSketch.object("name", vars.get("F") + ".a", "flags", 2), "B", null);
    });
    assertEquals(List.of(), rule.staticDeps(new String[] {"none"}).orElseThrow());
    assertEquals(List.of("deps: the function gave 'x', which is no dict"), rule.whyNoDeps(new String[] {"odd"}));
    List<StaticDep> deps = rule.staticDeps(new String[] {"x"}).orElseThrow();
    assertEquals(List.of(new StaticDep("A", "x.a", DepFlags.STATIC | DepFlags.REQUIRED | DepFlags.ESSENTIAL | DepFlags.FULL)), deps);
  }

  @Test
  void aSystemInterpreterIsNoDep() {
    Rule ours = rule(sketch().dep("shell", "tools/sh"), (c, t, v) -> null);
    assertEquals("tools/sh", ours.staticDeps(new String[] {"x"}).orElseThrow().get(0).name());
    Rule system = rule(sketch().dep("python", "/usr/bin/python3"), (c, t, v) -> null);
    assertEquals(List.of(), system.staticDeps(new String[] {"x"}).orElseThrow());
  }
}

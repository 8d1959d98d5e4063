package lmake.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.grack.nanojson.JsonArray;
import com.grack.nanojson.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a job is told to run: command, interpreter, environment. */
final class LaunchTest {
  private static final LaunchEnv.Programs ALL = (word, environ) -> Optional.of("/found/" + word);

  private static LaunchEnv site(LaunchEnv.Programs programs) {
    return new LaunchEnv(
        "/lmake", "/repo", "/usr/bin/python3.11", "/py/lib", "/std:/bin", 42, 3, Map.of("HOST", "h1"),
        (base, keep) -> base.orElse("/repo/LMAKE/auto_tmp") + "/42" + (keep ? ".kept" : ""), programs);
  }

  private static Rule rule(RuleSketch sketch, Evaluator evaluator) {
    return RuleSketch.book(List.of(sketch), List.of(), new RuleSketch.Ids(), evaluator).rules().get(0);
  }

  private static Launch launch(RuleSketch sketch, String... stems) throws EarlyError {
    return launch(sketch, LaunchEnv.Programs.NONE, (code, text, vars) -> {
      throw new Evaluator.EvalError("no Python here");
    }, stems);
  }

  private static Launch launch(RuleSketch sketch, LaunchEnv.Programs programs, Evaluator evaluator, String... stems)
      throws EarlyError {
    return rule(sketch, evaluator).launch(stems, Map.of("cpu", "2"), site(programs));
  }

  private static RuleSketch sketch() {
    return RuleSketch.rule("R").target("OUT", "{F:.*}.out");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = true,
      textBlock =
          """
          # command            | with F=a.b
          cat {F}              | cat a.b
          cat {SRC} > {OUT}    | cat a.b.src > a.b.out
          ls {SIDE} {DIR}      | ls side-a.b dir
          x {cpu} {job_name}   | x 2 a.b.out
          {{literal}}          | {literal}
          grep {PART}          | grep a\\.b\\-(?P<N>[0-9]+)\\-(?P=N)\\-([a-z])
          """)
  void namesOfACommand(String cmd, String expected) throws EarlyError {
    RuleSketch sketch = sketch().target("PART", "{F}-{N*:[0-9]+}-{N*}-{*:[a-z]}").sideTarget("SIDE", "side-{F}")
        .sideDep("DIR", "dir").dep("SRC", "{F}.src").cmd(cmd);
    Launch launch = launch(sketch, "a.b");
    assertEquals(expected, launch.text());
    assertEquals(List.of("/bin/bash", "-c", expected), launch.argv(""));
    assertEquals(List.of("/bin/bash", expected), launch.shown());
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = true,
      nullValues = "-",
      textBlock =
          """
          # value                   | in the job
          plain                     | plain
          $LMAKE_ROOT/bin:$STD_PATH | /lmake/bin:/std:/bin
          ${LMAKE_ROOT}x            | /lmakex
          $LMAKE_ROOTx              | $LMAKE_ROOTx
          $REPO_ROOT                | /repo
          $TOP_REPO_ROOT            | /repo
          $PHYSICAL_REPO_ROOT       | /repo
          $PHYSICAL_TOP_REPO_ROOT   | /repo
          $PHYSICAL_LMAKE_ROOT      | /lmake
          $TMPDIR/x                 | /repo/LMAKE/auto_tmp/42/x
          $PHYSICAL_TMPDIR          | /repo/LMAKE/auto_tmp/42
          $PYTHON                   | /usr/bin/python3.11
          $PYTHON_LD_LIBRARY_PATH   | /py/lib
          $PYTHON2                  | $PYTHON2
          $SHELL                    | /bin/bash
          $SEQUENCE_ID-$SMALL_ID    | 42-3
          \\$REPO_ROOT              | \\/repo
          $$REPO_ROOT               | $/repo
          $UNKNOWN ${UNKNOWN} $     | $UNKNOWN ${UNKNOWN} $
          ${REPO_ROOT               | ${REPO_ROOT
          $SHELL$SHELL              | /bin/bash/bin/bash
          """)
  void keysOfTheEnvironment(String value, String expected) throws EarlyError {
    RuleSketch sketch = sketch().put("environ", RuleSketch.object("X", RuleSketch.constant(value)));
    Launch launch = launch(sketch, "f");
    assertEquals(List.of("TMPDIR=/repo/LMAKE/auto_tmp/42", "X=" + expected), launch.environ());
    assertEquals(value, launch.ruleEnviron().get("X"));
  }

  @Test
  void environmentsHaveAnOrder() throws EarlyError {
    JsonObject backend = RuleSketch.object("backend", true);
    RuleSketch sketch = sketch()
        .put("environ", RuleSketch.object("A", RuleSketch.constant("1"), "HOST", backend, "NOPE", backend, "S",
            RuleSketch.template("{F}")))
        .put("environ_resources", RuleSketch.object("A", RuleSketch.constant("2"), "B", RuleSketch.constant("3")))
        .put("environ_ancillary", RuleSketch.object("B", RuleSketch.constant("4"), "C", RuleSketch.constant("5"), "NOPE",
            RuleSketch.constant("6")));
    assertEquals(
        List.of("TMPDIR=/repo/LMAKE/auto_tmp/42", "A=1", "HOST=h1", "S=f", "B=3", "C=5"), launch(sketch, "f").environ());
  }

  @Test
  void tmpdirOfTheRuleSaysWhereToPutIt() throws EarlyError {
    Launch launch = launch(sketch().environ("TMPDIR", "/big").attr("keep_tmp", true), "f");
    assertEquals("/big/42.kept", launch.tmpDir());
    assertEquals(List.of("TMPDIR=/big/42.kept"), launch.environ());
    EarlyError error = assertThrows(EarlyError.class, () -> launch(sketch().environ("TMPDIR", "big"), "f"));
    assertEquals("TMPDIR is not absolute : big", error.lines().get(0));
  }

  @Test
  void whatThisVersionCannotGiveIsRefusedAloud() throws EarlyError {
    for (String name : List.of("chroot_dir", "repo_view", "tmp_view", "kill_daemons", "check_abs_paths")) {
      Object value = name.endsWith("s") ? (Object) true : "/x";
      EarlyError error = assertThrows(EarlyError.class, () -> launch(sketch().attr(name, value), "f"));
      assertEquals(2, error.lines().size());
      assertEquals(true, error.lines().get(0).endsWith(name + " is not available in this version"), error.lines().get(0));
    }
    launch(sketch().attr("kill_daemons", false).attr("repo_view", "").attr("tmp_view", null), "f");
  }

  @Test
  void plainCommandsNeedNoShell() throws EarlyError {
    RuleSketch sketch = sketch().cmd("cp {F} {OUT}").environ("PATH", "$STD_PATH");
    Launch launch = launch(sketch, ALL, (c, t, v) -> null, "f");
    assertEquals(Launch.Form.DIRECT, launch.form());
    assertEquals(List.of("cp", "f", "f.out"), launch.argv(""));
    assertEquals(List.of("/bin/bash", "cp f f.out"), launch.shown());
    assertEquals(
        List.of("TMPDIR=/repo/LMAKE/auto_tmp/42", "PATH=/std:/bin", "PWD=/repo", "SHLVL=0", "_=/found/cp"), launch.environ());
  }

  @Test
  void otherCommandsNeedIt() throws EarlyError {
    assertEquals(Launch.Form.TEXT, launch(sketch().cmd("echo {F}"), ALL, (c, t, v) -> null, "f").form());
    assertEquals(Launch.Form.TEXT, launch(sketch().cmd("cp x").environ("BASH_ENV", "f"), ALL, (c, t, v) -> null, "f").form());
    assertEquals(Launch.Form.TEXT, launch(sketch().cmd("cp {F}"), ALL, (c, t, v) -> null, "a b*").form());
    RuleSketch verbose = sketch().cmd("cp {F}").put("shell", array(RuleSketch.constant("$SHELL"), RuleSketch.constant("-e")));
    Launch launch = launch(verbose, ALL, (c, t, v) -> null, "f");
    assertEquals(List.of("/bin/bash", "-e", "-c", "cp f"), launch.argv(""));
    RuleSketch bare = sketch().cmd("cp {F}").put("shell", array(RuleSketch.constant("$SHELL")));
    assertEquals(Launch.Form.DIRECT, launch(bare, ALL, (c, t, v) -> null, "f").form());
  }

  private static JsonArray array(Object... items) {
    return new JsonArray(List.of(items));
  }

  @Test
  void longCommandsGoThroughAFile() throws EarlyError {
    Launch forced = launch(sketch().cmd("x").attr("use_script", true), ALL, (c, t, v) -> null, "f");
    assertEquals(List.of("/bin/bash", "/script"), forced.argv("/script"));
    assertTrue(forced.needsScript());
    Launch most = launch(sketch().cmd("x;" + "y".repeat((64 << 10) - 2)), "f");
    assertEquals(Launch.Form.TEXT, most.form());
    assertEquals(Launch.Form.SCRIPT, launch(sketch().cmd("x;" + "y".repeat((64 << 10) - 1)), "f").form());
    assertEquals(Launch.Form.SCRIPT, launch(sketch().cmd("é".repeat(33 << 10)), "f").form());
  }

  @Test
  void pythonGetsItsVariables() throws EarlyError {
    RuleSketch sketch = sketch().dep("SRC", "{F}.src").put("python", array(RuleSketch.constant("$PYTHON"), RuleSketch.constant("-B")));
    sketch.put("cmd", RuleSketch.object("text", "def cmd(): pass\ncmd()\n", "vars", new JsonArray(List.of("F", "SRC", "deps", "stems", "targets", "resources"))));
    Launch launch = launch(sketch, "it's\n\udc80é");
    assertEquals(List.of("/usr/bin/python3.11", "-B", "-c", launch.text()), launch.argv(""));
    assertEquals(
        """
        F = 'it\\'s\\n\\udc80\\xe9'
        SRC = 'it\\'s\\n\\udc80\\xe9.src'
        deps = {'SRC': 'it\\'s\\n\\udc80\\xe9.src'}
        stems = {'F': 'it\\'s\\n\\udc80\\xe9'}
        targets = {'OUT': 'it\\'s\\n\\udc80\\xe9.out'}
        resources = {'cpu': '2'}
        def cmd(): pass
        cmd()
        """,
        launch.text());
  }

  @Test
  void redirections() throws EarlyError {
    RuleSketch sketch = RuleSketch.rule("R").target("target", "{F:.*}.out").dep("dep", "{F}.in").put("stdin", "dep").put("stdout", "target");
    Launch launch = launch(sketch, "f");
    assertEquals("f.in", launch.stdin());
    assertEquals("f.out", launch.stdout());
    assertEquals("", launch(sketch(), "f").stdin());
    assertEquals("", launch(sketch(), "f").stdout());
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "none,0,none", "ld_preload,1,ld_preload", "ld_audit,5,ld_audit", "LdAudit,5,ld_audit",
    "ld_preload_jemalloc,6,ld_preload_jemalloc", "ptrace,4,ptrace", "seccomp,2,seccomp", "hybrid,3,hybrid"
  })
  void methods(String given, int tracer, String shown) throws EarlyError {
    Launch launch = launch(sketch().attr("autodep", given), "f");
    assertEquals(tracer, launch.tracer());
    assertEquals(shown, launch.autodep());
  }

  @Test
  void attributesMayBePython() throws EarlyError {
    RuleSketch sketch = sketch();
    sketch.attr("timeout", sketch.code(1, "t", "F")).attr("kill_sigs", sketch.code(2, "k")).attr("stderr_ok", sketch.code(3, "s"));
    Evaluator python = (code, text, vars) -> switch (code) {
      case 1 -> vars.get("F").equals("slow") ? "1.0005" : null;
      case 2 -> JsonArray.from(2, 15);
      default -> "yes";
    };
    Launch slow = launch(sketch, LaunchEnv.Programs.NONE, python, "slow");
    assertEquals(1001, slow.timeoutMs());
    assertEquals(List.of(2, 15), slow.killSigs());
    assertTrue(slow.stderrOk());
    assertEquals(0, launch(sketch, LaunchEnv.Programs.NONE, python, "fast").timeoutMs());
    EarlyError error = assertThrows(EarlyError.class, () -> launch(sketch, "f"));
    assertEquals(List.of("cannot compute attributes of the execution", "\tno Python here"), error.lines());
  }

  @Test
  void wholeEnvironmentMayBePython() throws EarlyError {
    RuleSketch sketch = sketch();
    sketch.put("environ", sketch.code(1, "e")).put("environ_ancillary", RuleSketch.object("U", sketch.code(2, "raises", "F")));
    Evaluator python = (code, text, vars) -> {
      if (code == 2) throw new Evaluator.EvalError("Traceback\n  oops");
      return RuleSketch.object("A", 1, "N", null, "HOST", RuleSketch.object("backend", true));
    };
    Launch launch = launch(sketch, LaunchEnv.Programs.NONE, python, "f");
    assertEquals(List.of("TMPDIR=/repo/LMAKE/auto_tmp/42", "A=1", "HOST=h1"), launch.environ());
    RuleSketch strict = sketch();
    strict.put("environ", RuleSketch.object("U", strict.code(2, "raises", "F")));
    EarlyError error = assertThrows(EarlyError.class, () -> launch(strict, LaunchEnv.Programs.NONE, python, "f"));
    assertEquals(List.of("cannot compute environ.U", "\tTraceback", "\t  oops"), error.lines());
  }

  @Test
  void pythonThatNeedsNoJobIsAskedOnce() throws EarlyError {
    int[] asked = new int[3];
    RuleSketch sketch = sketch();
    sketch.environ("X", "").put("environ", RuleSketch.object("A", sketch.code(1, "a"), "B", sketch.code(2, "b", "F")));
    Rule rule = rule(sketch, (code, text, vars) -> "v" + ++asked[code]);
    rule.launch(new String[] {"f"}, Map.of(), site(ALL));
    Launch second = rule.launch(new String[] {"g"}, Map.of(), site(ALL));
    assertEquals(List.of("A=v1", "B=v2"), second.environ().subList(1, 3));
  }
}

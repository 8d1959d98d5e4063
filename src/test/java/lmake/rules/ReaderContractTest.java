package lmake.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.grack.nanojson.JsonObject;
import com.grack.nanojson.JsonParser;
import com.grack.nanojson.JsonParserException;
import com.grack.nanojson.JsonWriter;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import lmake.base.Bug;
import lmake.base.UserError;
import lmake.graph.DepFlags;
import lmake.graph.TargetFlags;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Lmakefile.py as users write them, read by the real reader, its values computed by the real evaluator. */
final class ReaderContractTest {
  private static final Path LIB = Path.of("src/main/python").toAbsolutePath();

  private static final String MAKEFILE =
      """
      import lmake
      from lmake.rules import Rule, PyRule, AntiRule, SourceRule
      lmake.manifest = ['Lmakefile.py', 'a.c', 'hdr/x.h']
      lmake.config.backends.local.gpu = 3
      lmake.config.path_max = 150
      def cfg(): return F + '.cfg' if F != 'none' else None
      def all_deps(): return {'A': 'a-' + F, 'B': (F + '-b', 'IgnoreError')}
      class Compile(Rule):
          targets = {'OBJ': '{File:.*}.o', 'LOG': ('{File}.log', 'optional')}
          deps = {'SRC': '{File}.c', 'HDR': ('hdr/{File}.h', 'critical')}
          resources = {'cpu': 2, 'mem': '{0.5 + 1}G'}
          cmd = 'gcc -c -o {OBJ} {SRC}'
      class Split(Rule):
          stems = {'F': r'[a-z_]+'}
          targets = {'LST': '{F}.lst', 'PART': r'{F}.d/{N*:\\d+}.txt'}
          deps = {'CFG': cfg}
          side_deps = {'D': ('{F}.dir', 'readdir_ok', 'critical')}
          timeout = 3.5
          environ = {'X': '{F.upper()} {PART(1)} ${{REPO_ROOT}}', 'Y': ...}
          cmd = 'grep {PART} {LST}'
      class Whole(Rule):
          target = '{F:.*}.whole'
          deps = all_deps
          cmd = '{deps["A"]} {deps["B"]}'
      class Py(PyRule):
          target = '{F:.*}.py.out'
          dep = '{F}.in'
          def cmd():
              print(open(dep).read(), F, deps, stems, targets, resources)
      class No(AntiRule):
          target = 'no/{:.*}'
      class Given(SourceRule):
          target = 'given/{X:.*}'
      """;

  @TempDir Path dir;
  private final Worker worker = new Worker();
  private RuleBook book;

  /** Drives lmake_worker.py. */
  private final class Worker implements Evaluator {
    private final Set<Integer> defined = new HashSet<>();
    private Process process;
    private BufferedWriter requests;
    private BufferedReader answers;

    @Override
    public Object eval(int code, String text, Map<String, Object> vars) throws EvalError {
      try {
        JsonObject request = RuleSketch.object("id", 1, "code", code, "vars", vars);
        if (defined.add(code)) request.put("define", RuleSketch.object("id", code, "text", text));
        requests.write(JsonWriter.string(request) + "\n");
        requests.flush();
        JsonObject answer = JsonParser.object().from(answers.readLine());
        if (answer.has("err")) throw new EvalError(answer.getString("err"));
        return answer.get("ok");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (JsonParserException e) {
        throw Bug.of("%s", e.getMessage());
      }
    }

    void start() throws IOException {
      process = python("lmake_worker.py", dir.toString());
      requests = process.outputWriter();
      answers = process.inputReader();
    }
  }

  private Process python(String script, String... args) throws IOException {
    ProcessBuilder builder = new ProcessBuilder("python3", "-I", "-S", LIB.resolve(script).toString());
    builder.command().addAll(List.of(args));
    return builder.directory(dir.toFile()).redirectError(new File("/dev/stderr")).start();
  }

  @BeforeEach
  void read() throws IOException, InterruptedException, UserError {
    assumeTrue(Files.exists(LIB.resolve("lmake_reader.py")), "the reader is not in this checkout");
    Files.writeString(dir.resolve("Lmakefile.py"), MAKEFILE);
    Process reader = python("lmake_reader.py", dir.toString(), dir + "/digest", "all");
    try (BufferedWriter out = reader.outputWriter()) {
      out.write("{}");
    }
    assertEquals(0, reader.waitFor(), new String(reader.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8));
    worker.start();
    book = RuleBook.parse(Files.readAllLines(dir.resolve("digest")), new RuleSketch.Ids(), worker);
  }

  @AfterEach
  void stop() throws IOException, InterruptedException {
    if (worker.process == null) return;
    worker.requests.close();
    assertEquals(0, worker.process.waitFor());
  }

  private Candidate candidate(String file) {
    List<Candidate> found = book.candidates(file);
    assertEquals(1, found.size(), file);
    return found.get(0);
  }

  private static Resources resources(Candidate job) throws EarlyError {
    return job.rule().resources(job.stems(), new Evaluation());
  }

  private static Launch launch(Candidate job) throws EarlyError {
    LaunchEnv site = new LaunchEnv(
        "/lmake", "/repo", "/py", "", "/bin", 1, 1, Map.of("Y", "yes"), (base, keep) -> "/tmp/x", (word, environ) -> Optional.of(word));
    return job.rule().launch(job.stems(), resources(job).values(), site, new Evaluation());
  }

  @Test
  void namesAreMatched() {
    assertEquals("Compile", candidate("a/b.o").rule().name());
    assertEquals("a/b", candidate("a/b.log").stems()[0]);
    assertEquals(TargetFlags.OPTIONAL, candidate("a.log").target().flags() & TargetFlags.OPTIONAL);
    assertEquals("Split", candidate("x_y.d/12.txt").rule().name());
    assertEquals(List.of(), book.candidates("x_y.d/1a.txt"));
    assertEquals(Rule.Special.ANTI, candidate("no/x").rule().special());
    assertEquals(Rule.Special.SOURCE, candidate("given/x").rule().special());
    assertEquals(true, book.manifest().isSource("hdr/x.h"));
    assertEquals(150, book.config().pathMax());
    assertEquals(3L, book.config().localCapacities().get("gpu"));
  }

  /** What it brings is in the products, and is no dep: another one is another command, not another job. */
  @Test
  void theSystemIsPartOfEachCommand() throws IOException, UserError {
    List<String> digest = Files.readAllLines(dir.resolve("digest"));
    List<Rule> here = RuleBook.parse(digest, new RuleSketch.Ids(), worker, "a/1").rules();
    List<Rule> again = RuleBook.parse(digest, new RuleSketch.Ids(), worker, "a/1").rules();
    List<Rule> there = RuleBook.parse(digest, new RuleSketch.Ids(), worker, "a/2").rules();
    for (int i = 0; i < here.size(); i++) {
      assertEquals(here.get(i).cmdCrc(), again.get(i).cmdCrc());
      assertNotEquals(here.get(i).cmdCrc(), there.get(i).cmdCrc(), here.get(i).name());
      assertEquals(here.get(i).id(), there.get(i).id());
    }
  }

  @Test
  void staticDeps() {
    Candidate compile = candidate("a.o");
    List<StaticDep> deps = compile.rule().staticDeps(compile.stems()).orElseThrow();
    assertEquals(List.of("a.c", "hdr/a.h"), deps.stream().map(StaticDep::name).toList());
    assertEquals(DepFlags.CRITICAL, deps.get(1).flags() & DepFlags.CRITICAL);
    Candidate split = candidate("q.lst");
    assertEquals("q.cfg", split.rule().staticDeps(split.stems()).orElseThrow().get(0).name());
    Candidate none = candidate("none.lst");
    assertEquals(List.of(), none.rule().staticDeps(none.stems()).orElseThrow());
    Candidate whole = candidate("w.whole");
    List<StaticDep> all = whole.rule().staticDeps(whole.stems()).orElseThrow();
    assertEquals(List.of("a-w", "w-b"), all.stream().map(StaticDep::name).toList());
    assertEquals(DepFlags.IGNORE_ERROR, all.get(1).flags() & DepFlags.IGNORE_ERROR);
  }

  @Test
  void sideDepsQualifyReads() {
    Candidate split = candidate("q.lst");
    int flags = split.rule().sideDepFor(split.stems(), "q.dir").orElseThrow().depFlags();
    assertEquals(DepFlags.READDIR_OK | DepFlags.CRITICAL, flags);
    assertEquals(true, split.rule().targetFor(split.stems(), "q.dir").isEmpty());
  }

  @Test
  void shellCommands() throws EarlyError {
    Launch compile = launch(candidate("a.o"));
    assertEquals("gcc -c -o a.o a.c", compile.text());
    assertEquals(Launch.Form.DIRECT, compile.form());
    Candidate job = candidate("a.o");
    assertEquals(Map.of("cpu", "2", "mem", "1536M"), resources(job).values());
    Launch split = launch(candidate("q.lst"));
    assertEquals("grep q\\.d/(?P<N>\\d+)\\.txt q.lst", split.text());
    assertEquals(3500, split.timeoutMs());
    assertEquals(true, split.environ().contains("X=Q q.d/1.txt /repo"), split.environ().toString());
    assertEquals(true, split.environ().contains("Y=yes"));
    Launch whole = launch(candidate("w.whole"));
    assertEquals("a-w w-b", whole.text());
  }

  @Test
  void pythonCommandsRun() throws EarlyError, IOException, InterruptedException {
    Files.writeString(dir.resolve("it's.in"), "content");
    Candidate job = candidate("it's.py.out");
    Launch launch = launch(job);
    assertEquals(List.of("it's.in", "it's.py.out"), List.of(launch.stdin(), launch.stdout()));
    ProcessBuilder builder = new ProcessBuilder("python3", "-c", launch.text()).directory(dir.toFile());
    builder.environment().put("PYTHONPATH", LIB.toString());
    builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
    Process process = builder.redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    assertEquals(
        "content it's {'dep': \"it's.in\"} {'F': \"it's\"} {'target': \"it's.py.out\"} {'cpu': '1'}\n", said);
  }
}

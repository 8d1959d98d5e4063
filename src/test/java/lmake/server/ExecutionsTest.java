package lmake.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.grack.nanojson.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import lmake.engine.Action;
import lmake.engine.Engine;
import lmake.engine.Event;
import lmake.graph.Accesses;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.JobResult;
import lmake.graph.JobStatus;
import lmake.graph.MemoryNames;
import lmake.graph.MemoryShelf;
import lmake.graph.RunReason;
import lmake.graph.TargetVector;
import lmake.rules.Evaluator;
import lmake.rules.RuleBook;
import lmake.rules.RuleSketch;
import lmake.store.Store;
import lmake.wire.AgentReport;
import lmake.wire.JobEnd;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Orders in, events out, with an agent that runs nothing. This thread is the engine's. */
@Timeout(60)
class ExecutionsTest {
  private final Graph graph = new Graph(new MemoryNames(), new MemoryShelf());
  private final BlockingQueue<Runnable> mail = new LinkedBlockingQueue<>();
  private final Map<String, Disk.Seen> files = new HashMap<>();
  private final FakeDisk disk = new FakeDisk(files);
  private final Set<Integer> built = new HashSet<>();
  private final List<Event> events = new ArrayList<>();
  private final List<String> outputs = new ArrayList<>();
  private Store store;
  private Agent agent;
  private Executions executions;
  private RuleBook book;

  @BeforeEach
  void wire(@TempDir Path dir) throws Exception {
    Places places = FakeAgent.install(dir);
    store = Store.open(dir.resolve("store"), false);
    agent = new Agent(places, new Hearing());
    Reqs reqs = new Reqs(event -> {}, (req, job) -> true, () -> 0);
    executions =
        new Executions(
            graph, agent, reqs, new StartOrders(graph, places), new Endings(store, this::judge),
            new ValueDeps(graph, disk, (job, node) -> built.contains(node)), events::add,
            new Schedule(new Engine(graph, 1), reqs), mail::add);
    RuleSketch look = RuleSketch.rule("Look").target("OUT", "{Word:[a-z]*}.look").cmd("{Word}");
    look.put("resources", new JsonObject(Map.of("cpu", look.code(0, "1"))));
    List<String> digest = new ArrayList<>(
        RuleSketch.digest(
            List.of(
                look,
                RuleSketch.rule("Say").target("OUT", "{Word:[a-z]*}.out").cmd("{Word}").resource("cpu", "1"),
                RuleSketch.rule("Big").target("OUT", "{Word:[a-z]*}.big").cmd("{Word}").resource("cpu", "3"),
                RuleSketch.rule("Odd").target("OUT", "{Word:[a-z]*}.odd").cmd("{Word}").resource("gpu", "1")),
            List.of()));
    digest.set(1, "{\"kind\":\"config\",\"backends\":{\"local\":{\"cpu\":\"2\"}}}");
    int[] ids = new int[1];
    book = RuleBook.parse(digest, crc -> ++ids[0], new Looking());
    executions.adopt(new LaunchSite(places, book));
  }

  @AfterEach
  void stop() throws Exception {
    agent.stop();
    store.close();
  }

  @Test
  void aJobStartsAndEnds() throws Exception {
    start(1, "Say", "hello");
    assertThat(next()).isInstanceOf(Event.JobStarted.class);
    assertThat(ended(next())).isEqualTo(JobStatus.OK);
    assertThat(outputs).containsExactly("1 hello");
    assertThat(executions.any()).isFalse();
  }

  @Test
  void noMoreThanFitAreThereAtATime() throws Exception {
    for (int i = 1; i <= 3; i++) start(i, "Say", "wait");
    next();
    next();
    assertThat(executions.running()).hasSize(2);
    assertThat(executions.queued()).hasSize(1);
    executions.kill(new Action.Kill(1, 1, false));
    // The end of the first, then the start of the third.
    assertThat(ended(next())).isEqualTo(JobStatus.KILLED);
    assertThat(((Event.JobStarted) next()).attempt()).isEqualTo(3);
  }

  @Test
  void whatWaitsIsKilledWithoutAnAgent() throws Exception {
    for (int i = 1; i <= 3; i++) start(i, "Say", "wait");
    executions.kill(new Action.Kill(1, 3, false));
    Event.JobEnded end = (Event.JobEnded) events.get(0);
    assertThat(end.attempt()).isEqualTo(3);
    assertThat(end.result().status()).isEqualTo(JobStatus.KILLED);
    for (int i = 1; i <= 2; i++) executions.kill(new Action.Kill(i, i, false));
    while (executions.any()) next(); // as long as there are
  }

  @Test
  void whatCanNeverRunEndsEarlyWithAHint() throws Exception {
    start(1, "Big", "x");
    start(2, "Odd", "x");
    assertThat(events).hasSize(2);
    for (Event event : events) {
      JobResult result = ((Event.JobEnded) event).result();
      assertThat(result.status()).isEqualTo(JobStatus.EARLY_ERROR);
      assertThat(String.join("\n", result.messages())).contains("lmake.config.backends.local.");
    }
    int job = ((Event.JobEnded) events.get(0)).job();
    assertThat(store.run(job).orElseThrow().outcome().status()).isEqualTo(JobStatus.EARLY_ERROR);
  }

  @Test
  void deathOfTheAgentLosesWhatRanAndStartsTheRestOnAnother() throws Exception {
    start(1, "Say", "wait");
    next();
    start(2, "Say", "crash");
    next();
    start(3, "Say", "after");
    List<JobStatus> ends = new ArrayList<>();
    while (ends.size() < 3) if (next() instanceof Event.JobEnded e) ends.add(e.result().status());
    assertThat(ends).containsExactly(JobStatus.LOST, JobStatus.LOST, JobStatus.OK);
  }

  @Test
  void anAgentThatTalksNonsenseIsDead() throws Exception {
    start(1, "Say", "garbage");
    next();
    Event.JobEnded end = (Event.JobEnded) next();
    assertThat(end.result().status()).isEqualTo(JobStatus.LOST);
    assertThat(end.result().messages().get(0)).contains("the agent that ran the job died");
  }

  @Test
  void valueComputedFromAFileThatIsNotBuiltIsNotUsed() throws Exception {
    start(1, "Look", "hello");
    JobResult result = ((Event.JobEnded) events.get(0)).result();
    assertThat(result.status()).isEqualTo(JobStatus.EARLY_CHK_DEPS);
    assertThat(result.deps().node(0)).isEqualTo(graph.node("data"));
    assertThat(executions.any()).isFalse();
  }

  @Test
  void whatAResourceIsComputedFromIsADepThatIsNotFull() throws Exception {
    data(100, 100);
    start(1, "Look", "hello");
    assertThat(next()).isInstanceOf(Event.JobStarted.class);
    DepVector deps = ((Event.JobEnded) next()).result().deps();
    assertThat(deps.size()).isEqualTo(1);
    assertThat(deps.node(0)).isEqualTo(graph.node("data"));
    assertThat(deps.kinds(0)).isEqualTo(Accesses.L | Accesses.R | Accesses.T);
    assertThat(deps.flags(0) & DepFlags.FULL).isZero();
    assertThat(deps.value(0)).isEqualTo(7L << 32);
    assertThat(deps.has(0, DepVector.HOT)).isFalse();
  }

  @Test
  void fileThatIsNotWhatTheEngineKnowsMakesTheRunDoubtful() throws Exception {
    data(100, 116);
    start(1, "Look", "hello");
    next();
    assertThat(((Event.JobEnded) next()).result().deps().has(0, DepVector.HOT)).isTrue();
  }

  private void data(long known, long onDisk) {
    int node = graph.node("data");
    graph.setContent(node, 7L << 32, known);
    built.add(node);
    files.put("data", new Disk.Seen(Event.FileKind.REGULAR, onDisk, 0, 1));
  }

  /** Code is its own value; it looks at a file. */
  private static final class Looking implements Evaluator {
    @Override
    public Object eval(int code, String text, Map<String, Object> vars) {
      return text;
    }

    @Override
    public Object eval(int code, String text, Map<String, Object> vars, Consumer<String> looks) {
      looks.accept("data");
      looks.accept("/etc/elsewhere");
      return text;
    }
  }

  private void start(long attempt, String rule, String word) {
    int id = book.rules().stream().filter(r -> r.name().equals(rule)).findFirst().orElseThrow().id();
    // Words are the same for several jobs: what tells them apart is the attempt.
    int job = graph.job(id, new String[] {word});
    executions.start(new Action.Start(job, attempt, RunReason.NONE, List.of(), false, false, 0, 0));
    executions.launch();
  }

  /** The next event, once the agent has said what makes it. */
  private Event next() throws InterruptedException {
    while (events.isEmpty()) {
      Runnable letter = mail.poll(20, TimeUnit.SECONDS);
      assertThat(letter).as("the agent is silent").isNotNull();
      letter.run();
    }
    return events.remove(0);
  }

  private static JobStatus ended(Event event) {
    return ((Event.JobEnded) event).result().status();
  }

  private JobResult judge(Execution one, JobEnd end) {
    outputs.add(new String(end.stdout()));
    JobStatus status = end.outcome() == JobEnd.Outcome.EXITED ? JobStatus.OK : JobStatus.KILLED;
    return new JobResult(status, DepVector.EMPTY, TargetVector.EMPTY, List.of(), false, 1, List.of());
  }

  private final class Hearing implements AgentLink.Hearer {
    @Override
    public void report(AgentLink from, AgentReport report) {
      mail.add(() -> {
        if (report instanceof AgentReport.Started r) executions.report(r);
        if (report instanceof AgentReport.Ended r) executions.report(r);
      });
    }

    @Override
    public void died(AgentLink dead, String how) {
      mail.add(() -> {
        agent.forget(dead);
        executions.died(dead, how);
      });
    }
  }
}

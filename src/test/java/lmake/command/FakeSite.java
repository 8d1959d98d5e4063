package lmake.command;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import lmake.engine.ReqOptions;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import lmake.graph.MemoryNames;
import lmake.graph.MemoryShelf;
import lmake.graph.RunReason;
import lmake.graph.RunRecord;
import lmake.graph.TargetFlags;
import lmake.graph.TargetVector;
import lmake.rules.Rule;
import lmake.rules.RuleBook;

/** A server without engine or disk: tests play the engine, with a graph made by hand. */
final class FakeSite implements Site {
  /** 2026-01-01 10:00:00 UTC. */
  static final long TEN = 1_767_261_600L * 1_000_000_000L;

  final Graph graph = new Graph(new MemoryNames(), new MemoryShelf());
  final Map<Integer, RunRecord> records = new HashMap<>();
  final List<RunningJob> running = new ArrayList<>();
  final Set<String> onDisk = new HashSet<>();
  final Set<String> dirsOnDisk = new HashSet<>();

  /** Jobs that run for others. */
  final Set<Integer> foreign = new HashSet<>();

  private final RuleBook plain;
  private RuleBook book;
  private final Path root;
  long now = TEN;
  boolean busy;
  int commits;

  /** When set, what comes after a refresh waits there. */
  List<Runnable> held;

  boolean shutdown;
  ReqListener listener;
  List<Integer> targets;
  List<Integer> jobs;
  ReqOptions options;
  int jobLimit;
  long expectedNs;
  Progress progress = new Progress(0, 0, 0, 0);

  /** {@code book} may be null: the makefiles were never read. */
  FakeSite(Path root, RuleBook book) {
    this.root = root;
    this.plain = book;
    this.book = book;
  }

  /** A job that ran: its targets are its only ones, of content 100 + node. */
  int ran(String rule, JobStatus status, String file, String... deps) {
    int job = job(rule, file);
    DepVector.Builder read = new DepVector.Builder();
    for (String dep : deps) {
      int node = graph.node(dep);
      if (graph.crc(node) == 0) graph.setContent(node, crc(dep), 1);
      read.add(node, 3, DepFlags.FULL, false, 0, graph.crc(node));
    }
    graph.setDeps(job, read.build());
    int target = graph.node(file);
    int flags = TargetFlags.OFFICIAL | TargetFlags.STATIC | TargetFlags.ESSENTIAL;
    graph.setTargets(
        job, new TargetVector(new int[] {target}, new int[] {flags}, new long[] {crc(file)}, new long[] {1}));
    graph.setContent(target, crc(file), 1);
    graph.setWriter(target, job);
    graph.setStatus(job, status);
    graph.setReason(job, new RunReason(RunReason.Kind.NEVER_RUN, 0));
    return job;
  }

  int job(String rule, String file) {
    Rule r = book.rules().stream().filter(one -> one.name().equals(rule)).findFirst().orElseThrow();
    return graph.job(r.id(), r.targets().get(0).match(file).orElseThrow());
  }

  /** A record whose stderr is this. */
  RunRecord record(int job, String stderr, String... messages) {
    RunRecord run =
        new RunRecord(
            new RunRecord.Ordered(
                7, 1, List.of("/bin/bash", "-c", "cat a\n"), Map.of("PATH", "$STD_PATH", "A", "1"), Map.of("cpu", "1"),
                "ld_preload", "", "", "/repo/LMAKE/tmp/1", 0, Map.of()),
            new RunRecord.Cause(graph.reason(job), "a+b.cat", "", TEN + 5_000_000_000L, 1_250_000_000),
            new RunRecord.Outcome(
                TEN, TEN + 23_000_000, graph.status(job), graph.status(job) == JobStatus.OK ? 0 : 3 << 8, 1234,
                "out\n".getBytes(), stderr.getBytes(), List.of(messages), "debian/\"12\"/x86_64"),
            new RunRecord.Usage(4_000_000, 2_000_000, 5_595_136, 24_000_000, 6, 11_500_000));
    records.put(job, run);
    return run;
  }

  static long crc(String name) {
    return 0x1000L + 2L * name.hashCode() & 0xFFFFFFFFL;
  }

  @Override
  public Graph graph() {
    return graph;
  }

  @Override
  public Optional<RuleBook> rules() {
    return Optional.ofNullable(book);
  }

  @Override
  public Optional<RunRecord> run(int job) {
    return Optional.ofNullable(records.get(job));
  }

  @Override
  public List<RunningJob> running() {
    return running;
  }

  @Override
  public void refresh(Session session, Runnable then) {
    if (held == null) then.run();
    else held.add(then);
  }

  @Override
  public int openReq(
      Session session, List<Integer> wanted, List<Integer> byName, ReqOptions opts, Pace pace, ReqListener to) {
    targets = wanted;
    jobs = byName;
    options = opts;
    jobLimit = pace.jobLimit();
    expectedNs = pace.expectedNs();
    listener = to;
    return 1;
  }

  @Override
  public Progress progress(int req) {
    return progress;
  }

  @Override
  public boolean busy() {
    return busy;
  }

  @Override
  public boolean runs(int job) {
    return running.stream().anyMatch(one -> one.job() == job && one.mark() == 'R');
  }

  @Override
  public void marked() {
    book = plain.freezing(Arrays.stream(graph.marked(Graph.FROZEN)).mapToObj(graph::name).toList());
  }

  @Override
  public Tree tree() {
    throw new UnsupportedOperationException("no disk here");
  }

  @Override
  public void commit() {
    commits++;
  }

  @Override
  public boolean exists(String name) {
    return onDisk.contains(name);
  }

  @Override
  public boolean isDir(String name) {
    return dirsOnDisk.contains(name);
  }

  @Override
  public boolean wants(int req, int job) {
    return req == 1 && !foreign.contains(job);
  }

  @Override
  public long now() {
    return now;
  }

  @Override
  public String root() {
    return root.toString();
  }

  @Override
  public String installDir() {
    return "/opt/lmake";
  }

  @Override
  public void shutdown() {
    shutdown = true;
  }
}

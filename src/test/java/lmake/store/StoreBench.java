package lmake.store;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;
import lmake.graph.TargetVector;

/** Figures, not a test: {@code java ... lmake.store.StoreBench DIR [nodes] [jobs]}. */
final class StoreBench {
  private StoreBench() {}

  public static void main(String[] args) throws Exception {
    Path dir = Path.of(args[0]);
    int nodes = args.length > 1 ? Integer.parseInt(args[1]) : 1_000_000;
    int jobs = args.length > 2 ? Integer.parseInt(args[2]) : 120_000;
    if (!Files.exists(dir)) fill(dir, nodes, jobs);
    for (int i = 0; i < 3; i++) open(dir);
    Store store = Store.open(dir, false);
    Graph graph = store.load();
    lookUps(graph);
    turns(store, graph);
    long start = now();
    store.checkpoint();
    say("checkpoint after turns", start);
    start = now();
    store.close();
    say("close", start);
    start = now();
    PageCheck.check(dir.resolve(Lmdb.DATA));
    say("full check of " + Files.size(dir.resolve(Lmdb.DATA)) / 1_000_000 + " MB", start);
  }

  private static String name(int i) {
    return "src/lib" + i / 10_000 + "/module" + i / 100 % 100 + "/some_source_file" + i % 100 + ".o";
  }

  private static void fill(Path dir, int nodes, int jobs) throws Exception {
    Random random = new Random(1);
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      long start = now();
      long characters = 0;
      for (int i = 0; i < nodes; i++) {
        String name = name(i);
        characters += name.length();
        graph.setContent(graph.node(name), random.nextLong(), random.nextLong());
      }
      say("intern " + nodes + " names of " + characters / nodes + " chars", start);
      size(store, graph, dir, "nodes and names", graph.nodeCount());
      for (int j = 0; j < jobs; j++) {
        int job = graph.job(1 + j % 10, new String[] {"lib" + j % 100 + "/module" + j / 100});
        graph.setStatus(job, JobStatus.OK);
        graph.setCmd(job, 5, 6);
      }
      size(store, graph, dir, "jobs without deps", jobs);
      long deps = 0;
      for (int j = 1; j <= jobs; j++) deps += fill(random, graph, j);
      size(store, graph, dir, deps / jobs + " deps a job, a fifth absent", jobs);
      for (int j = 1; j <= jobs; j++) {
        store.putRun(j, Model.run(random));
        if (j % 1000 == 0) store.commit(graph);
      }
      size(store, graph, dir, "run records", jobs);
    }
  }

  private static int fill(Random random, Graph graph, int job) {
    int size = 10 + random.nextInt(100);
    int at = 1 + random.nextInt(graph.nodeCount() - 1000);
    DepVector.Builder deps = new DepVector.Builder();
    for (int i = 0; i < size; i++) {
      deps.add(at + random.nextInt(1000), 2, 0, false, 0, i % 5 == 0 ? 1 : random.nextLong());
    }
    graph.setDeps(job, deps.build());
    int target = at;
    long[] crc = {random.nextLong()};
    long[] sig = {random.nextLong()};
    graph.setTargets(job, new TargetVector(new int[] {target}, new int[] {0x300}, crc, sig));
    return size;
  }

  private static void size(Store store, Graph graph, Path dir, String what, int count) throws Exception {
    long before = Files.size(dir.resolve(Lmdb.DATA));
    long start = now();
    store.commit(graph);
    say("commit of " + what, start);
    long bytes = Files.size(dir.resolve(Lmdb.DATA)) - before;
    System.out.printf("%-60s %8.1f bytes each%n", what, (double) bytes / count);
  }

  private static void open(Path dir) throws Exception {
    long start = now();
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      say("open and load " + graph.nodeCount() + " nodes, " + graph.jobCount() + " jobs", start);
      start = now();
      long deps = 0;
      for (int job = 1; job <= graph.jobCount(); job++) deps += graph.deps(job).size();
      say("read " + deps + " deps", start);
    }
  }

  private static void lookUps(Graph graph) {
    Random random = new Random(2);
    String[] names = new String[100_000];
    for (int i = 0; i < names.length; i++) names[i] = name(random.nextInt(graph.nodeCount() * 9 / 10));
    for (int round = 0; round < 6; round++) {
      long start = now();
      int sum = 0;
      for (String name : names) sum += graph.findNode(name);
      say("find " + names.length + " random names " + (sum == 0 ? "?" : ""), start);
    }
    for (int round = 0; round < 3; round++) {
      long start = now();
      for (int i = 0; i < 1_000_000; i++) graph.findNode(names[i % 1000]);
      say("find 1000 hot names, 1000 times", start);
    }
    long start = now();
    for (int i = 0; i < 100_000; i++) graph.name(1 + random.nextInt(graph.nodeCount()));
    say("spell 100000 names", start);
    start = now();
    for (int j = 0; j < 100_000; j++) graph.findJob(1 + j % 10, new String[] {"lib" + j % 100 + "/module" + j / 100});
    say("find 100000 jobs", start);
  }

  /** A turn as the engine makes them: a job ends, a job starts. */
  private static void turns(Store store, Graph graph) throws Exception {
    Random random = new Random(3);
    int rounds = 5000;
    long[] start = new long[rounds];
    long[] end = new long[rounds];
    for (int i = 0; i < rounds; i++) {
      int job = 1 + random.nextInt(graph.jobCount());
      fill(random, graph, job);
      int target = graph.targets(job).node(0);
      graph.setContent(target, random.nextLong(), random.nextLong());
      graph.setFlag(target, Graph.BUSY, false);
      graph.setStatus(job, JobStatus.OK);
      store.putRun(job, Model.run(random));
      long t = now();
      store.commit(graph);
      end[i] = now() - t;
      if (i % 500 == 499) store.checkpoint();
      job = 1 + random.nextInt(graph.jobCount());
      graph.setStatus(job, JobStatus.RUNNING);
      graph.setReason(job, new RunReason(RunReason.Kind.DEP_CHANGED, target));
      graph.setFlag(1 + random.nextInt(graph.nodeCount()), Graph.BUSY, true);
      t = now();
      store.commit(graph);
      start[i] = now() - t;
      graph.setStatus(job, JobStatus.OK);
    }
    say("commit, job starts", start);
    say("commit, job ends (deps, run record)", end);
  }

  /** CPU time of this thread, nanoseconds: the machine may have other work. */
  private static long now() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static void say(String what, long[] times) {
    long[] sorted = Arrays.copyOfRange(times, times.length / 5, times.length);
    Arrays.sort(sorted);
    System.out.printf(
        "%-60s %8.1f us of CPU median, %.1f us p99%n", what, sorted[sorted.length / 2] / 1e3, sorted[sorted.length * 99 / 100] / 1e3);
  }

  private static void say(String what, long start) {
    System.out.printf("%-60s %8.2f ms of CPU%n", what, (now() - start) / 1e6);
  }
}

package lmake.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import lmake.graph.MemoryNames;
import lmake.graph.MemoryShelf;
import lmake.graph.RunReason;
import lmake.graph.RunRecord;
import lmake.graph.TargetVector;

/** Random changes, applied alike to a graph of the store and to one in memory; and what it takes to compare them. */
final class Model {
  private static final String[] PARTS = {
    "src", "a", "obj.dir", "é", "x y", "\udc80bad", "new\nline", "..", "日本", "😀"
  };

  private Model() {}

  static Graph inMemory() {
    return new Graph(new MemoryNames(), new MemoryShelf());
  }

  static String name(Random random) {
    StringBuilder name = new StringBuilder(random.nextInt(8) == 0 ? "/" : random.nextInt(8) == 0 ? "../" : "");
    for (int i = random.nextInt(4); i > 0; i--) name.append(PARTS[random.nextInt(PARTS.length)]).append('/');
    return name.append("f").append(random.nextInt(200)).toString();
  }

  /** Gives every dir of a name its number before the name, as the tree does, so that both graphs number alike. */
  static int node(Graph graph, String name) {
    for (int slash = name.indexOf('/', 1); slash >= 0; slash = name.indexOf('/', slash + 1)) {
      graph.node(name.substring(0, slash));
    }
    return graph.node(name);
  }

  static long crc(Random random) {
    return switch (random.nextInt(4)) {
      case 0 -> 1;
      case 1 -> random.nextInt(130);
      default -> random.nextLong();
    };
  }

  static DepVector deps(Random random, Graph graph) {
    DepVector.Builder deps = new DepVector.Builder();
    int size = random.nextInt(10) == 0 ? random.nextInt(2000) : random.nextInt(12);
    for (int i = 0; i < size; i++) {
      int marks = random.nextInt(5) == 0 ? DepVector.SIG : 0;
      int node = 1 + random.nextInt(graph.nodeCount());
      int flags = random.nextInt(3) == 0 ? random.nextInt(1024) : 0;
      deps.add(node, random.nextInt(16), flags, random.nextBoolean(), marks, crc(random));
    }
    return deps.build();
  }

  static TargetVector targets(Random random, Graph graph) {
    int size = random.nextInt(4);
    int[] nodes = new int[size];
    int[] flags = new int[size];
    long[] crcs = new long[size];
    long[] sigs = new long[size];
    for (int i = 0; i < size; i++) {
      nodes[i] = 1 + random.nextInt(graph.nodeCount());
      flags[i] = random.nextInt(4096);
      crcs[i] = crc(random);
      sigs[i] = random.nextInt(4) == 0 ? 0 : random.nextLong();
    }
    return new TargetVector(nodes, flags, crcs, sigs);
  }

  static RunRecord run(Random random) {
    Map<String, String> environ = new LinkedHashMap<>();
    for (int i = random.nextInt(5); i > 0; i--) environ.put(name(random), name(random));
    byte[] text = new byte[random.nextInt(20) == 0 ? random.nextInt(100_000) : random.nextInt(100)];
    random.nextBytes(text);
    return new RunRecord(
        new RunRecord.Ordered(
            random.nextLong(), random.nextInt(), List.of("/bin/sh", "-c", name(random)), environ, Map.of("cpu", "1"), "ld_preload",
            "", name(random), "/tmp", random.nextDouble(), Map.of("repo_view", name(random))),
        new RunRecord.Cause(
            new RunReason(RunReason.Kind.DEP_CHANGED, random.nextInt(100)), name(random), "", random.nextLong(), random.nextLong()),
        new RunRecord.Outcome(
            random.nextLong(), random.nextLong(), JobStatus.OK, -1, random.nextInt(70_000), text, new byte[0],
            List.of("a", name(random)), name(random)),
        new RunRecord.Usage(random.nextInt(), 0, 5, 6, 7, random.nextLong()));
  }

  /** One random change, the same for all graphs. */
  static void change(long seed, Graph... graphs) {
    for (Graph graph : graphs) change(new Random(seed), graph);
  }

  private static void change(Random random, Graph graph) {
    int node = node(graph, name(random));
    graph.setContent(node, crc(random), random.nextLong());
    if (random.nextBoolean()) graph.setFlag(node, 1 << random.nextInt(5), random.nextBoolean());
    String[] stems = new String[random.nextInt(3)];
    for (int i = 0; i < stems.length; i++) stems[i] = name(random);
    int job = graph.job(1 + random.nextInt(5), stems);
    graph.setWriter(node, job);
    graph.setStatus(job, JobStatus.of(2 + random.nextInt(12)));
    graph.setCmd(job, random.nextLong(), random.nextLong());
    graph.setExecMs(job, random.nextInt());
    graph.setReason(job, new RunReason(RunReason.Kind.DEP_CHANGED, random.nextInt()));
    if (random.nextBoolean()) graph.setDeps(job, deps(random, graph));
    if (random.nextBoolean()) graph.setTargets(job, targets(random, graph));
    DepVector deps = graph.deps(job);
    for (int i = 0; i < deps.size(); i++) {
      if (deps.has(i, DepVector.SIG)) {
        deps.resolve(i, random.nextLong());
        break;
      }
    }
  }

  static void assertSame(Graph expected, Graph actual) {
    assertEquals(expected.nodeCount(), actual.nodeCount());
    assertEquals(expected.jobCount(), actual.jobCount());
    for (int node = 1; node <= expected.nodeCount(); node++) {
      assertEquals(node(expected, node), node(actual, node));
      assertEquals(node, actual.findNode(expected.name(node)));
      assertEquals(expected.parent(node), actual.parent(node));
    }
    for (int job = 1; job <= expected.jobCount(); job++) {
      assertEquals(job(expected, job), job(actual, job));
      assertEquals(expected.deps(job), actual.deps(job));
      assertArrayEquals(expected.stems(job), actual.stems(job));
      assertEquals(job, actual.findJob(expected.rule(job), expected.stems(job)));
    }
  }

  static List<Object> node(Graph graph, int node) {
    return List.of(graph.name(node), graph.crc(node), graph.sig(node), graph.writer(node), graph.flags(node));
  }

  static List<Object> job(Graph graph, int job) {
    List<Object> all = new ArrayList<>(List.of(
        graph.rule(job), graph.status(job), graph.cmdCrc(job), graph.rsrcCrc(job), graph.execMs(job), graph.reason(job)));
    TargetVector targets = graph.targets(job);
    for (int i = 0; i < targets.size(); i++) {
      all.add(List.of(targets.node(i), targets.flags(i), targets.crc(i), targets.sig(i)));
    }
    return all;
  }

  /** Byte arrays compared by content. */
  static void assertSame(RunRecord expected, RunRecord actual) {
    assertArrayEquals(expected.outcome().stdout(), actual.outcome().stdout());
    assertArrayEquals(expected.outcome().stderr(), actual.outcome().stderr());
    assertEquals(RunCodec.encode(expected).length, RunCodec.encode(actual).length);
    assertArrayEquals(RunCodec.encode(expected), RunCodec.encode(actual));
    assertEquals(expected.ordered(), actual.ordered());
    assertEquals(expected.cause(), actual.cause());
    assertEquals(expected.outcome().messages(), actual.outcome().messages());
    assertEquals(expected.usage(), actual.usage());
  }
}

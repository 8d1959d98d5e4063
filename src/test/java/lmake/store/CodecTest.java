package lmake.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import lmake.base.Bug;
import lmake.graph.Accesses;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;
import lmake.graph.RunRecord;
import lmake.graph.TargetVector;
import org.junit.jupiter.api.Test;

/** What lies on disk, byte for byte: a change here is a change of {@link StoreDir#FORMAT}. */
final class CodecTest {
  private static final HexFormat HEX = HexFormat.of();

  @Test
  void bodyHasGoldenBytes() {
    TargetVector targets =
        new TargetVector(
            new int[] {5, 4}, new int[] {0x100, 0x800}, new long[] {0x1122334455667788L, 1}, new long[] {9, 0});
    DepVector deps =
        new DepVector.Builder()
            .add(300, Accesses.R, 0, false, 0, 0x0102030405060708L)
            .add(301, Accesses.R, 0, false, 0, 1)
            .add(7, Accesses.T, DepFlags.STATIC, true, DepVector.HOT, -1)
            .build();
    String golden =
        "02" + "28" + "8002" + "8877665544332211" + "0900000000000000" // 5: +5, flags, crc, sig
            + "07" + "8010" + "01" // 4: -1, no sig, small crc
            + "03" + "e012" + "02" + "0807060504030201" // 300
            + "0b" + "01" // 301: +1, same bits, small
            + "ac12" + "d440" + "ffffffffffffffff"; // 7: -294
    Out out = new Out(1);
    BodyCodec.encode(targets, deps, out);
    assertEquals(golden, HEX.formatHex(out.toArray()));
    In in = new In(HEX.parseHex(golden));
    assertEquals(4, BodyCodec.decodeTargets(in).node(1));
    assertEquals(deps, BodyCodec.decodeDeps(in));
    assertTrue(in.atEnd());
  }

  @Test
  void runHasGoldenBytes() {
    RunRecord run =
        new RunRecord(
            new RunRecord.Ordered(
                1, 2, List.of("sh", "é"), Map.of("A", "b"), Map.of(), "none", "", "out", "/tmp", 1.5, Map.of("repo_view", "/r")),
            new RunRecord.Cause(new RunReason(RunReason.Kind.NEVER_RUN, 3), "t", "", 13, 14),
            new RunRecord.Outcome(4, 5, JobStatus.OK, -1, 11, new byte[] {42}, new byte[0], List.of("m"), "o"),
            new RunRecord.Usage(6, 7, 8, 9, 10, 12));
    String golden =
        "04" + "02" + "04" + "02" + "027368" + "02c3a9" + "01" + "0141" + "0162" + "00" + "046e6f6e65" + "00"
            + "036f7574" + "042f746d70" + "000000000000f83f" + "01" + "06" + "0174" + "00" + "08" + "0a" + "08" + "01" + "0c" + "0e"
            + "10" + "12" + "14" + "16" + "012a"
            + "00" + "01" + "016d" + "016f" + "01" + "097265706f5f76696577" + "022f72" + "18" + "1a" + "1c";
    assertEquals(golden, HEX.formatHex(RunCodec.encode(run)));
    Model.assertSame(run, RunCodec.decode(new In(HEX.parseHex(golden))));
    String before = "02" + golden.substring(2, golden.length() - 34);
    assertEquals(Map.of(), RunCodec.decode(new In(HEX.parseHex(before))).ordered().isolation());
    String uncosted = "03" + golden.substring(2, golden.length() - 6);
    RunRecord third = RunCodec.decode(new In(HEX.parseHex(uncosted)));
    assertEquals(Map.of("repo_view", "/r"), third.ordered().isolation());
    assertEquals(List.of(0L, 0L, 0L), List.of(third.usage().costNs(), third.cause().eta(), third.cause().pressureNs()));
  }

  @Test
  void namesHaveGoldenBytes() {
    KeyTable table = new KeyTable();
    new NameTree(table).intern("a/bc");
    String golden = "01000000" + "02000000" + "00" + "01" + "61" + "01" + "02" + "6263";
    assertEquals(golden, HEX.formatHex(Arrays.copyOf(table.block(0), table.blockSize(0))));
  }

  @Test
  void recordsHaveGoldenBytes() {
    Graph graph = Model.inMemory();
    int node = graph.node("x");
    graph.setContent(node, 0x0102030405060708L, 0x1112131415161718L);
    graph.setFlag(node, Graph.HOT, true);
    int job = graph.job(1, new String[0]);
    graph.setWriter(node, job);
    graph.setStatus(job, JobStatus.OK);
    graph.setCmd(job, 0x21, 0x31);
    graph.setExecMs(job, 0x41);
    graph.setReason(job, new RunReason(RunReason.Kind.NEVER_RUN, 0x51));
    Records records = new Records();
    records.encodeNodes(graph, 0);
    assertEquals(
        "0807060504030201" + "1817161514131211" + "01000000" + "04000000" + "0000000000000000",
        HEX.formatHex(records.bytes(), 32, 64));
    records.encodeJobs(graph, 0);
    assertEquals(
        "08010000" + "41000000" + "2100000000000000" + "3100000000000000" + "51000000" + "00000000",
        HEX.formatHex(records.bytes(), 32, 64));
    assertEquals(4064, records.bytes().length);
  }

  @Test
  void checkpointHasGoldenBytes() throws Corrupt {
    Checkpoint checkpoint = new Checkpoint("boot", true, false, 0x1000, 0x2000, new byte[] {1, 2, 3});
    String golden =
        "4c4d4b4350543031" + "04626f6f74" + "01" + "00" + "0010000000000000" + "0020000000000000" + "03010203";
    String hex = HEX.formatHex(checkpoint.encode());
    assertEquals(golden, hex.substring(0, hex.length() - 8));
    assertArrayEquals(checkpoint.metas(), Checkpoint.decode(checkpoint.encode()).metas());
    byte[] bad = checkpoint.encode();
    bad[10] ^= 1;
    assertThrows(Corrupt.class, () -> Checkpoint.decode(bad));
    assertThrows(Corrupt.class, () -> Checkpoint.decode(new byte[0]));
  }

  @Test
  void bodiesAndRunsComeBack() {
    long seed = Long.getLong("lmake.seed", 1);
    System.out.println("CodecTest.bodiesAndRunsComeBack: seed " + seed);
    Random random = new Random(seed);
    Graph graph = Model.inMemory();
    for (int i = 0; i < 1000; i++) graph.node("n" + i);
    for (int i = 0; i < 500; i++) {
      DepVector deps = Model.deps(random, graph);
      TargetVector targets = Model.targets(random, graph);
      Out out = new Out(1);
      BodyCodec.encode(targets, deps, out);
      In in = new In(out.toArray());
      TargetVector back = BodyCodec.decodeTargets(in);
      for (int j = 0; j < targets.size(); j++) assertEquals(targets.sig(j), back.sig(j));
      assertEquals(deps, BodyCodec.decodeDeps(in));
      RunRecord run = Model.run(random);
      Model.assertSame(run, RunCodec.decode(new In(RunCodec.encode(run))));
    }
  }

  @Test
  void extremesComeBack() {
    DepVector deps =
        new DepVector(
            new int[] {Integer.MAX_VALUE, 1, Integer.MAX_VALUE},
            new int[] {-1, 0, Integer.MIN_VALUE},
            new long[] {127, 128, Long.MIN_VALUE});
    Out out = new Out(1);
    BodyCodec.encode(TargetVector.EMPTY, deps, out);
    In in = new In(out.toArray());
    BodyCodec.decodeTargets(in);
    assertEquals(deps, BodyCodec.decodeDeps(in));
    for (long value : new long[] {0, -1, 127, 128, Long.MAX_VALUE, Long.MIN_VALUE}) {
      assertEquals(value, new In(new Out(1).varint(value).toArray()).varint());
      assertEquals(value, In.unzigzag(Out.zigzag(value)));
    }
  }

  @Test
  void aValueCutShortIsABug() {
    byte[] run = RunCodec.encode(Model.run(new Random(1)));
    for (int i = 0; i < Math.min(200, run.length); i++) {
      byte[] cut = Arrays.copyOf(run, i);
      assertThrows(Bug.class, () -> RunCodec.decode(new In(cut)));
    }
  }
}

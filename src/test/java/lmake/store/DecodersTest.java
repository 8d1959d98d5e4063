package lmake.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import lmake.base.Bug;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;
import lmake.graph.TargetVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever bytes have a right checksum, decoders give a value or the exception they declare, and allocate no more than a
 * multiple of what they are given. {@code -Dlmake.fuzz=N} makes it N times as long, {@code -Dlmake.fuzz.seed=S} another course.
 */
final class DecodersTest {
  private static final int TIMES = Integer.getInteger("lmake.fuzz", 1);
  private static final int MOST_PER_BYTE = 300;
  private static final int LOADING = 1 << 20; // what classes take that are met for the first time
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir Path tmp;
  private final long seed = Long.getLong("lmake.fuzz.seed", 1);
  private final Random random = new Random(seed);

  private interface Decoder {
    void decode(byte[] bytes) throws Exception;
  }

  private interface Maker {
    byte[] make() throws Exception;
  }

  /** Decodes what was made, as it is, then many times with something changed. */
  private void fuzz(int turns, int fixedCost, Maker maker, Decoder decoder) throws Exception {
    byte[] other = maker.make();
    for (int i = 0; i < turns * TIMES; i++) {
      byte[] good = maker.make();
      decoder.decode(good);
      for (int k = 0; k < 10; k++) {
        byte[] bad = mutated(good, other);
        long before = THREADS.getCurrentThreadAllocatedBytes();
        String what = "seed " + seed + ", turn " + i + ", mutant " + k;
        try {
          decoder.decode(bad);
        } catch (Bug | Corrupt refused) {
          assertTrue(!refused.getMessage().isEmpty(), what);
        } catch (Exception | Error e) {
          throw new AssertionError(what + " of " + bad.length + " bytes", e);
        }
        long used = THREADS.getCurrentThreadAllocatedBytes() - before;
        long most = LOADING + fixedCost + (long) MOST_PER_BYTE * bad.length;
        assertTrue(used <= most, () -> what + ": " + used + " bytes allocated for " + bad.length);
      }
      other = good;
    }
  }

  private byte[] mutated(byte[] good, byte[] other) {
    byte[] bad = good.clone();
    for (int n = random.nextInt(3); n >= 0 && bad.length > 0; n--) {
      int at = random.nextInt(bad.length);
      int length = Math.min(bad.length - at, 1 + random.nextInt(12));
      switch (random.nextInt(7)) {
        case 0 -> bad[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bad[at] = (byte) random.nextInt();
        case 2 -> Arrays.fill(bad, at, at + length, (byte) -random.nextInt(2));
        case 3 -> bad = Arrays.copyOf(bad, at);
        case 4 -> bad = spliced(bad, at, bad, at + length); // some bytes are gone
        case 5 -> bad = spliced(bad, at + length, bad, at); // some are there twice
        default -> bad = other.length == 0 ? bad : spliced(bad, at, other, random.nextInt(other.length));
      }
    }
    return bad;
  }

  private static byte[] spliced(byte[] head, int to, byte[] tail, int from) {
    byte[] all = Arrays.copyOf(head, to + tail.length - from);
    System.arraycopy(tail, from, all, to, tail.length - from);
    return all;
  }

  // --- values of the store

  @Test
  void recordsOfRuns() throws Exception {
    fuzz(500, 4096, () -> RunCodec.encode(Model.run(random)), bytes -> RunCodec.decode(new In(bytes)));
  }

  @Test
  void bodiesOfJobs() throws Exception {
    Graph graph = Model.inMemory();
    for (int i = 0; i < 1000; i++) graph.node("n" + i);
    Maker maker = () -> {
      Out out = new Out(1);
      BodyCodec.encode(Model.targets(random, graph), Model.deps(random, graph), out);
      return out.toArray();
    };
    fuzz(1000, 4096, maker, bytes -> {
      In in = new In(bytes);
      BodyCodec.decodeTargets(in);
      BodyCodec.decodeDeps(in);
    });
  }

  @Test
  void blocksOfNames() throws Exception {
    Maker maker = () -> {
      KeyTable table = new KeyTable();
      NameTree tree = new NameTree(table);
      for (int i = random.nextInt(40); i >= 0; i--) tree.intern(Model.name(random));
      return Arrays.copyOf(table.block(0), table.blockSize(0));
    };
    fuzz(1000, 1 << 16, maker, bytes -> {
      KeyTable table = new KeyTable(true);
      table.load(bytes.clone());
      for (int id = 1; id <= table.count(); id++) {
        byte[] name = new byte[table.length(id)];
        assertEquals(name.length, table.copy(id, name, 0));
        assertTrue(table.owner(id) >= 0 && table.owner(id) < id, "the way to the root has an end");
      }
    });
  }

  /** To spell such a name would take for ever. */
  @Test
  void aNameWithinItselfIsRefusedWhenItIsLoaded() throws Exception {
    byte[] good = pairs(0, 1);
    KeyTable names = new KeyTable(true);
    names.load(good);
    assertEquals("n/n", new NameTree(names).name(2));
    for (byte[] bad : List.of(pairs(0, 2), pairs(1), pairs(2, 1), pairs(0, -1))) {
      assertThrows(Corrupt.class, () -> new KeyTable(true).load(bad));
    }
    new KeyTable().load(pairs(7, 9)); // stems belong to rules
  }

  /** A block of names {@code n} with these owners. */
  private static byte[] pairs(int... owners) {
    Out block = new Out(64).u32(1).u32(owners.length);
    for (int owner : owners) block.varint(owner & 0xFFFFFFFFL).varint(1).u8('n');
    return block.toArray();
  }

  @Test
  void blocksOfRecords() throws Exception {
    Graph model = Model.inMemory();
    for (int i = 0; i < 40; i++) Model.change(seed + i, model);
    KeyTable stems = new KeyTable();
    for (int i = 1; i <= model.jobCount(); i++) stems.intern(1 + i % 5, new byte[] {(byte) i}, 0, 1);
    boolean[] jobs = {false};
    Maker maker = () -> {
      Records records = new Records();
      jobs[0] = random.nextBoolean();
      if (jobs[0]) records.encodeJobs(model, 0);
      else records.encodeNodes(model, 0);
      return records.bytes().clone();
    };
    fuzz(500, 1 << 16, maker, bytes -> {
      Graph graph = Model.inMemory();
      JobShelf shelf = new JobShelf(stems, null);
      if (!jobs[0]) new Records().decodeNodes(ByteBuffer.wrap(bytes), 0, 40, graph);
      else new Records().decodeJobs(ByteBuffer.wrap(bytes), 0, shelf, graph);
      for (int job = 1; jobs[0] && job <= shelf.jobCount(); job++) {
        graph.status(job);
        graph.reason(job);
      }
    });
  }

  @Test
  void listOfRules() throws Exception {
    Maker maker = () -> {
      RuleTable rules = new RuleTable(new byte[0]);
      for (int i = random.nextInt(20); i > 0; i--) rules.idOf(random.nextLong());
      return rules.encode();
    };
    fuzz(1000, 4096, maker, RuleTable::new);
  }

  @Test
  void checkpoints() throws Exception {
    byte[] metas = new byte[8192];
    Maker maker = () -> {
      byte[] all = new Checkpoint("boot" + random.nextInt(), random.nextBoolean(), false, 1, 2, metas).encode();
      return Arrays.copyOf(all, all.length - 4);
    };
    fuzz(500, 4096, maker, bytes -> {
      CRC32 crc = new CRC32();
      crc.update(bytes);
      Checkpoint.decode(new Out(bytes.length + 4).raw(bytes, bytes.length).u32((int) crc.getValue()).toArray());
    });
    // One that another program wrote is as good as damaged, and no bug.
    CRC32 crc = new CRC32();
    crc.update(new byte[40]);
    byte[] alien = new Out(44).raw(new byte[40], 40).u32((int) crc.getValue()).toArray();
    assertThrows(Corrupt.class, () -> Checkpoint.decode(alien));
  }

  // --- the archive, whose entries may come from another version

  /** Reads entries that have their checksum; never throws. */
  private int read(List<byte[]> entries) throws Exception {
    Out out = new Out(4096).raw(Archive.HEAD, Archive.HEAD.length).u64(1).u64(0);
    for (byte[] entry : entries) {
      CRC32 crc = new CRC32();
      crc.update(entry);
      out.u32(Archive.MAGIC).u32(entry.length).u32((int) crc.getValue()).raw(entry, entry.length);
    }
    Path file = tmp.resolve("archive");
    Files.write(file, out.toArray());
    int[] jobs = {0};
    ArchiveReader.read(file, job -> jobs[0]++);
    return jobs[0];
  }

  private List<byte[]> archive() throws Exception {
    Path dir = tmp.resolve("store");
    try (Store store = Store.open(dir, false)) {
      Graph graph = store.load();
      for (int i = 0; i < 12; i++) Model.change(seed + i, graph);
      for (int job = 1; job <= graph.jobCount(); job++) {
        graph.setStatus(job, JobStatus.OK);
        store.putRun(job, Model.run(random));
        store.idOf(job);
      }
      store.commit(graph);
    }
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(Archive.of(dir))).order(ByteOrder.LITTLE_ENDIAN);
    List<byte[]> entries = new ArrayList<>();
    for (int at = Archive.HEAD_BYTES; at < file.capacity(); ) {
      assertEquals(Archive.MAGIC, file.getInt(at));
      byte[] entry = new byte[file.getInt(at + 4)];
      file.get(at + Archive.FRAME, entry);
      entries.add(entry);
      at += Archive.FRAME + entry.length;
    }
    return entries;
  }

  @Test
  void entriesOfTheArchive() throws Exception {
    List<byte[]> entries = archive();
    assertTrue(read(entries) > 5);
    int[] changed = {0};
    Maker maker = () -> entries.get(changed[0] = random.nextInt(entries.size()));
    fuzz(200, 4 << 20, maker, bytes -> {
      if (bytes.length == 0) return;
      List<byte[]> with = new ArrayList<>(entries);
      with.set(changed[0], bytes);
      read(with);
    });
  }

  @Test
  void aStatusOrReasonOfAnotherVersionIsAsGoodAsDamaged() throws Exception {
    Out job = new Out(64).u8(Archive.JOB).varint(1).u8(0).u8(JobStatus.values().length).varint(0).u64(0).u64(0).u64(0);
    job.u8(0).varint(0).varint(0);
    assertEquals(0, read(List.of(job.toArray())));
    Out why = new Out(64).u8(Archive.JOB).varint(1).u8(0).u8(0).varint(0).u64(0).u64(0).u64(0);
    why.u8(RunReason.Kind.values().length).varint(0).varint(0);
    assertEquals(0, read(List.of(why.toArray())));
    byte[] run = RunCodec.encode(Model.run(random));
    for (int i = 0; i < run.length; i++) {
      byte[] other = run.clone();
      other[i] = (byte) 0x7f;
      try {
        RunCodec.decode(new In(other));
      } catch (Bug refused) {
        continue;
      }
    }
  }

  @Test
  void namesWithinNamesHaveAnEnd() throws Exception {
    int deep = 100_000;
    Out names = new Out(1 << 20).u8(Archive.NAMES).varint(1).varint(deep);
    for (int i = 0; i < deep; i++) names.varint(i).varint(1).u8('d');
    Out body = new Out(64);
    TargetVector targets = new TargetVector(new int[] {deep}, new int[1], new long[1], new long[1]);
    BodyCodec.encode(targets, DepVector.EMPTY, body);
    Out job = new Out(64).u8(Archive.JOB).varint(1).u8(0).u8(JobStatus.OK.ordinal()).varint(0).u64(0).u64(0).u64(0);
    job.u8(0).varint(0).varint(0).raw(body.array(), body.size());
    assertEquals(1, read(List.of(names.toArray(), job.toArray())));
  }
}

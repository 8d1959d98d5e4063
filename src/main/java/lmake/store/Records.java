package lmake.store;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;

/**
 * Nodes and jobs as records of 32 bytes, little-endian, in blocks of {@link Graph#BLOCK}: one overflow page of LMDB.
 * What the engine needs at once when it starts is here; what varies in size is elsewhere.
 *
 * <pre>
 *   node: crc 8, sig 8, writer 4, flags 4, zero 8
 *   job:  status 1, reason 1, flags 1, zero 1, execMs 4, cmdCrc 8, rsrcCrc 8, reasonNode 4, zero 4
 * </pre>
 */
final class Records {
  static final int RECORD = 32;
  static final int BLOCK_BYTES = Graph.BLOCK * RECORD;

  private static final int STATUSES = JobStatus.values().length;
  private static final int REASONS = RunReason.Kind.values().length;

  private final byte[] bytes = new byte[BLOCK_BYTES];
  private final ByteBuffer block = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);

  /** The block being written or read: one at a time. */
  byte[] bytes() {
    return bytes;
  }

  void encodeNodes(Graph graph, int number) {
    Arrays.fill(bytes, (byte) 0);
    int first = number * Graph.BLOCK;
    int end = Math.min(first + Graph.BLOCK, graph.nodeCount() + 1);
    for (int node = Math.max(1, first); node < end; node++) {
      int at = (node - first) * RECORD;
      block.putLong(at, graph.crc(node)).putLong(at + 8, graph.sig(node));
      block.putInt(at + 16, graph.writer(node)).putInt(at + 20, graph.flags(node));
    }
  }

  /** Last node first: the arrays of the graph are fitted once. */
  void decodeNodes(ByteBuffer value, int number, int count, Graph graph) throws Corrupt {
    take(value);
    int first = number * Graph.BLOCK;
    for (int node = Math.min(first + Graph.BLOCK - 1, count); node >= Math.max(1, first); node--) {
      int at = (node - first) * RECORD;
      graph.loadNode(node, block.getLong(at), block.getLong(at + 8), block.getInt(at + 16), block.getInt(at + 20));
    }
  }

  void encodeJobs(Graph graph, int number) {
    Arrays.fill(bytes, (byte) 0);
    int first = number * Graph.BLOCK;
    int end = Math.min(first + Graph.BLOCK, graph.jobCount() + 1);
    for (int job = Math.max(1, first); job < end; job++) {
      int at = (job - first) * RECORD;
      RunReason reason = graph.reason(job);
      block.put(at, (byte) graph.status(job).ordinal()).put(at + 1, (byte) reason.kind().ordinal());
      block.put(at + 2, (byte) graph.jobFlags(job));
      block.putInt(at + 4, graph.execMs(job));
      block.putLong(at + 8, graph.cmdCrc(job)).putLong(at + 16, graph.rsrcCrc(job));
      block.putInt(at + 24, reason.node());
    }
  }

  void decodeJobs(ByteBuffer value, int number, JobShelf shelf, Graph graph) throws Corrupt {
    take(value);
    int first = number * Graph.BLOCK;
    for (int job = Math.min(first + Graph.BLOCK - 1, shelf.jobCount()); job >= Math.max(1, first); job--) {
      int at = (job - first) * RECORD;
      int status = bytes[at];
      int reason = bytes[at + 1];
      boolean known = status >= 0 && status < STATUSES && reason >= 0 && reason < REASONS;
      if (!known) throw new Corrupt("job %d makes no sense", job);
      graph.loadJob(
          job,
          shelf.rule(job),
          status,
          bytes[at + 2],
          block.getLong(at + 8),
          block.getLong(at + 16),
          block.getInt(at + 4),
          reason,
          block.getInt(at + 24));
    }
  }

  private void take(ByteBuffer value) throws Corrupt {
    if (value.remaining() != BLOCK_BYTES) throw new Corrupt("a block of %d bytes of records", value.remaining());
    value.get(bytes);
  }
}

package lmake.store;

import java.nio.file.Path;
import java.util.Arrays;
import lmake.graph.Graph;

/** The child of {@link CrashTest}: commits turns, says each, until it is killed. */
final class CrashWriter {
  static final String TURN = "turn";

  private CrashWriter() {}

  public static void main(String[] args) throws Exception {
    Store store = Store.open(Path.of(args[0]), false);
    long seed = Long.parseLong(args[1]);
    Graph graph = store.load();
    Thread saver = new Thread(() -> saveForEver(store));
    saver.setDaemon(true);
    saver.start();
    for (int turn = turn(store) + 1; ; turn++) {
      turn(store, graph, seed, turn);
      System.out.println(turn);
    }
  }

  /** What turn number {@code turn} does, in any life. */
  static void turn(Store store, Graph graph, long seed, int turn) throws Exception {
    Model.change(seed + turn, graph);
    store.setBlob(TURN, Integer.toString(turn).getBytes());
    if (turn % 3 == 0) store.putRun(1, Model.run(new java.util.Random(seed + turn)));
    store.commit(graph);
  }

  /** The last turn that a store knows of, 0 if none. */
  static int turn(Store store) {
    byte[] turn = store.blob(TURN);
    return turn.length == 0 ? 0 : Integer.parseInt(new String(turn));
  }

  static ProcessBuilder process(Path dir, long seed) {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    return new ProcessBuilder(
        Arrays.asList(
            java, "-Xshare:auto", "-XX:TieredStopAtLevel=1",
            "--add-opens", "java.base/java.nio=ALL-UNNAMED", "--add-opens", "java.base/sun.nio.ch=ALL-UNNAMED",
            "-cp", System.getProperty("java.class.path"), CrashWriter.class.getName(), dir.toString(), Long.toString(seed)));
  }

  private static void saveForEver(Store store) {
    try {
      while (true) {
        store.checkpoint();
        Thread.sleep(20);
      }
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}

package lmake.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import lmake.base.UserError;
import lmake.graph.Graph;

/**
 * A store whose machine may stop at any moment: remembers the states of its data file since the last checkpoint, and makes
 * the files a disk may be left with of them. One thread.
 */
public final class CutStore implements AutoCloseable {
  private static final int PIECE = 512;
  private static final int REMEMBERED = 12;

  private final Path home;
  private final Random random;
  private final List<byte[]> states = new ArrayList<>(); // of the data file; the first one is on the disk for sure
  private byte[] checkpoint;
  private Path dir;
  private Store store;
  private Graph graph;
  private int boots;

  /**
   * @param home an empty dir
   */
  public CutStore(Path home, Random random) throws IOException, UserError {
    this.home = home;
    this.random = random;
    open(home.resolve("boot0"));
  }

  /** The graph as given by the store that is open. */
  public Graph graph() {
    return graph;
  }

  public boolean rebooted() {
    return store.rebooted();
  }

  private void open(Path where) throws IOException, UserError {
    dir = where;
    store = Store.open(where, false);
    if (store.warning().isPresent()) throw new AssertionError(store.warning().get());
    graph = store.load();
    if (states.isEmpty()) {
      states.add(data());
      checkpoint = Files.readAllBytes(dir.resolve(Checkpoint.FILE));
    } else {
      states.add(data()); // what recovery did, on top of what it found
    }
  }

  private byte[] data() throws IOException {
    return Files.readAllBytes(dir.resolve(Lmdb.DATA));
  }

  public void commit() throws IOException, UserError {
    store.commit(graph);
    note(false);
  }

  /** All commits so far are on the disk. */
  public void checkpoint() throws IOException, UserError {
    store.checkpoint();
    note(true);
  }

  private void note(boolean all) throws IOException {
    byte[] now = Files.readAllBytes(dir.resolve(Checkpoint.FILE));
    byte[] data = data();
    if (!Arrays.equals(now, checkpoint)) {
      // A commit makes its checkpoint before it writes: the state before it is the one that is safe.
      byte[] safe = all ? data : states.get(states.size() - 1);
      states.clear();
      states.add(safe);
      checkpoint = now;
    }
    if (!Arrays.equals(data, states.get(states.size() - 1))) states.add(data);
    if (states.size() > REMEMBERED) states.remove(1 + random.nextInt(states.size() - 2));
  }

  /** As an owner that is told to leave. */
  public void closeClean() throws UserError, IOException {
    store.close();
    states.clear();
    states.add(data());
    checkpoint = Files.readAllBytes(dir.resolve(Checkpoint.FILE));
  }

  /** The machine stops and starts again: gives what the store found there says. It must be sound. */
  public void cut() throws IOException, UserError, Corrupt {
    cut(false);
  }

  /** As {@link #cut}; {@code clean}: after {@link #closeClean}, so that nothing may be torn. */
  public void cut(boolean clean) throws IOException, UserError, Corrupt {
    byte[] torn = clean ? states.get(0) : torn(random, states);
    Path image = home.resolve("boot" + ++boots);
    Files.createDirectories(image);
    Files.writeString(image.resolve("format"), "lmake store " + StoreDir.FORMAT + "\n");
    Files.write(image.resolve(Lmdb.DATA), torn);
    Checkpoint saved = Checkpoint.decode(checkpoint);
    long date = Checkpoint.mtimeNs(image.resolve(Lmdb.DATA));
    Checkpoint ofThen =
        new Checkpoint("boot " + boots, saved.clean(), saved.unverified(), torn.length, date, saved.metas());
    if (!clean) store.close();
    remove(dir);
    ofThen.write(image);
    checkpoint = ofThen.encode();
    byte[] first = states.get(0);
    states.clear();
    // The pages of the checkpoint are where they were; of the others any may be what it was at the cut.
    states.add(torn);
    if (first.length > torn.length) throw new AssertionError("a file that was synced got shorter");
    open(image);
  }

  /** Each piece as it was in one of the states; the file as long as in one of them. */
  static byte[] torn(Random random, List<byte[]> states) {
    int length = states.get(random.nextInt(states.size())).length;
    length = Math.max(length, states.get(0).length);
    byte[] image = new byte[length];
    double old = random.nextDouble();
    for (int at = 0; at < length; at += PIECE) {
      byte[] from = random.nextDouble() < old ? states.get(0) : states.get(random.nextInt(states.size()));
      if (at < from.length) System.arraycopy(from, at, image, at, Math.min(PIECE, length - at));
    }
    return image;
  }

  static void remove(Path tree) throws IOException {
    try (var paths = Files.walk(tree)) {
      for (Path path : paths.sorted(java.util.Comparator.reverseOrder()).toList()) Files.delete(path);
    }
  }

  @Override
  public void close() throws UserError, IOException {
    store.close();
    remove(home);
  }
}

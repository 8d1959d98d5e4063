package lmake.server;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import lmake.engine.Action.Removal;
import lmake.engine.Event;

/**
 * The disk thread: looks at files for the engine, all that is asked meanwhile in one call. Removals are done in the
 * order of the requests, each alone.
 */
final class DiskChecks implements Runnable {
  /** Enough to make the native call worth it, few enough for the engine to begin before the last file is looked at. */
  private static final int BATCH = 4096;

  /** A file to look at or to remove. Names are taken on the engine's thread, which owns them. */
  private record Request(int node, String name, long knownSig, Optional<Removal> removal) {}

  private final Disk disk;
  private final Consumer<List<Event>> answers;
  private final LinkedBlockingQueue<Request> requests = new LinkedBlockingQueue<>();

  /**
   * @param answers gets the events of a batch together, on the disk thread
   */
  DiskChecks(Disk disk, Consumer<List<Event>> answers) {
    this.disk = disk;
    this.answers = answers;
  }

  void check(int node, String name, long knownSig) {
    requests.add(new Request(node, name, knownSig, Optional.empty()));
  }

  void remove(int node, String name, Removal how, long knownSig) {
    requests.add(new Request(node, name, knownSig, Optional.of(how)));
  }

  @Override
  public void run() {
    List<Request> batch = new ArrayList<>();
    try {
      while (true) {
        batch.clear();
        batch.add(requests.take());
        requests.drainTo(batch, BATCH - 1);
        answers.accept(answer(batch));
      }
    } catch (InterruptedException end) {
      Thread.currentThread().interrupt();
    }
  }

  /** Runs of checks go together; a removal stands between what was asked before and after it. */
  private List<Event> answer(List<Request> batch) {
    List<Event> events = new ArrayList<>(batch.size());
    int from = 0;
    for (int i = 0; i < batch.size(); i++) {
      Request request = batch.get(i);
      if (request.removal.isEmpty()) continue;
      look(batch.subList(from, i), events);
      var done = disk.remove(request.name, request.removal.get(), request.knownSig);
      events.add(new Event.NodeRemoved(request.node, done));
      from = i + 1;
    }
    look(batch.subList(from, batch.size()), events);
    return events;
  }

  private void look(List<Request> checks, List<Event> events) {
    if (checks.isEmpty()) return;
    String[] names = new String[checks.size()];
    long[] knownSigs = new long[checks.size()];
    for (int i = 0; i < names.length; i++) {
      names[i] = checks.get(i).name;
      knownSigs[i] = checks.get(i).knownSig;
    }
    long now = Dates.now();
    Disk.Seen[] seen = disk.look(names, knownSigs, true);
    for (int i = 0; i < names.length; i++) {
      Disk.Seen one = seen[i];
      events.add(new Event.NodeChecked(checks.get(i).node, one.kind(), one.sig(), one.crc(), one.date(), now));
    }
  }
}

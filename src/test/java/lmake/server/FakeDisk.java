package lmake.server;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lmake.engine.Action.Removal;
import lmake.engine.Event.FileKind;

/** A disk in a map; says how many files each look was for. */
final class FakeDisk implements Disk {
  static final Seen NOTHING = new Seen(FileKind.ABSENT, 0, 0, 0);

  private final Map<String, Seen> files;
  final List<Integer> looks = new ArrayList<>();

  FakeDisk(Map<String, Seen> files) {
    this.files = files;
  }

  @Override
  public Seen[] look(String[] names, long[] knownSigs, boolean sum) {
    looks.add(names.length);
    Seen[] seen = new Seen[names.length];
    for (int i = 0; i < names.length; i++) seen[i] = files.getOrDefault(names[i], NOTHING);
    return seen;
  }

  @Override
  public long now() {
    return 0;
  }

  @Override
  public void removeEmptyDirs(List<String> dirs) {}

  @Override
  public Removal remove(String name, Removal how, long knownSig) {
    return files.remove(name) == null ? Removal.ABSENT : Removal.UNLINKED;
  }
}

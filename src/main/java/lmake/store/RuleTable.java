package lmake.store;

import java.util.HashMap;
import java.util.Map;
import lmake.rules.RuleIds;

/** Lasting ids of rules: their match digests in order of id, 8 bytes each, in one blob. A few hundred at most. */
final class RuleTable implements RuleIds {
  private final Map<Long, Integer> ids = new HashMap<>();
  private final Out digests = new Out(256);
  private boolean dirty;

  RuleTable(byte[] blob) throws Corrupt {
    if (blob.length % 8 != 0) throw new Corrupt("its list of rules is cut short");
    In in = new In(blob);
    while (!in.atEnd()) add(in.u64());
  }

  @Override
  public int idOf(long matchCrc) {
    Integer id = ids.get(matchCrc);
    if (id != null) return id;
    dirty = true;
    return add(matchCrc);
  }

  /** The match digest of a rule that has an id. */
  long matchCrc(int id) {
    byte[] all = digests.array();
    long crc = 0;
    for (int i = 7; i >= 0; i--) crc = crc << 8 | all[(id - 1) * 8 + i] & 0xFF;
    return crc;
  }

  boolean dirty() {
    return dirty;
  }

  void saved() {
    dirty = false;
  }

  byte[] encode() {
    return digests.toArray();
  }

  private int add(long matchCrc) {
    int id = digests.size() / 8 + 1;
    digests.u64(matchCrc);
    ids.put(matchCrc, id);
    return id;
  }
}

package lmake.store;

/**
 * Tables of the store. Keys are 4-byte numbers in the order of the machine (MDB_INTEGERKEY), but for blobs: their
 * names.
 */
enum Table {
  NODES("nodes"), // block of nodes -> records of 32 bytes
  NAMES("names"), // block -> names, see KeyTable
  JOBS("jobs"), // block of jobs -> records of 32 bytes
  STEMS("stems"), // block -> rule and stems of jobs, see KeyTable
  BODIES("bodies"), // job -> targets and deps, see BodyCodec
  RUNS("runs"), // job -> record of the last run, see RunCodec
  BLOBS("blobs"); // name -> bytes

  private final String label;

  Table(String label) {
    this.label = label;
  }

  /** Its name in LMDB. */
  String label() {
    return label;
  }

  boolean numbered() {
    return this != BLOBS;
  }
}

package lmake.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.CRC32;
import lmake.base.Bug;
import org.lmdbjava.ByteBufferProxy;
import org.lmdbjava.Dbi;
import org.lmdbjava.DbiFlags;
import org.lmdbjava.Env;
import org.lmdbjava.EnvFlags;
import org.lmdbjava.LmdbException;
import org.lmdbjava.LmdbNativeException;
import org.lmdbjava.Txn;

/**
 * The data file through LMDB: tables, one write transaction at a time, one reader that follows it, pins. The only user
 * of lmdbjava. Every value ends with a CRC-32 of its key and itself. Engine's thread, but for {@link #pin} and
 * {@link #sync}; {@link Store} sees to it that no pin is taken within a write transaction.
 */
final class Lmdb implements AutoCloseable {
  static final String DATA = "data.mdb";

  /** Virtual: costs address space only. Grows by doubling. */
  static final long MAP_BYTES = 64L << 30;

  private static final long LEAST_MAP_BYTES = 1L << 26;
  private static final int EIO = 5;
  private static final int ENOMEM = 12;
  private static final int ENOSPC = 28;
  private static final int EDQUOT = 122;
  private static final int CHECKSUM = 4;

  private final Env<ByteBuffer> env;
  private final Dbi<ByteBuffer>[] tables;
  private final boolean readOnly;
  private final ByteBuffer key = ByteBuffer.allocateDirect(4).order(ByteOrder.nativeOrder());
  private final CRC32 crc = new CRC32();
  private long mapBytes;
  private Txn<ByteBuffer> reader;
  private boolean readerFresh;
  private Runnable onDamage = () -> {};
  private Txn<ByteBuffer> writer; // null but within write

  private Lmdb(Env<ByteBuffer> env, Dbi<ByteBuffer>[] tables, long mapBytes, boolean readOnly) {
    this.env = env;
    this.tables = tables;
    this.mapBytes = mapBytes;
    this.readOnly = readOnly;
    this.reader = env.txnRead();
    this.readerFresh = true;
  }

  /** Opens the file; the tables are made when they are not there. {@code lock}: readers elsewhere are to be counted. */
  static Lmdb open(Path dir, long mapBytes, boolean readOnly, boolean lock) throws Corrupt, IOException {
    for (long size = mapBytes; ; size /= 2) {
      try {
        return open(openEnv(dir, size, readOnly, lock), size, readOnly);
      } catch (LmdbNativeException e) {
        // The address space may be limited (ulimit -v): a smaller map does as well.
        if (e.getResultCode() != ENOMEM || size <= LEAST_MAP_BYTES) throw asOpenError(e);
      } catch (LmdbException e) {
        throw asOpenError(e);
      }
    }
  }

  private static Env<ByteBuffer> openEnv(Path dir, long mapBytes, boolean readOnly, boolean lock) {
    EnvFlags[] flags =
        !readOnly
            ? new EnvFlags[] {EnvFlags.MDB_NOSYNC, EnvFlags.MDB_NOTLS}
            : lock
                ? new EnvFlags[] {EnvFlags.MDB_RDONLY_ENV, EnvFlags.MDB_NOTLS}
                : new EnvFlags[] {EnvFlags.MDB_RDONLY_ENV, EnvFlags.MDB_NOTLS, EnvFlags.MDB_NOLOCK};
    return Env.create(ByteBufferProxy.PROXY_OPTIMAL)
        .setMapSize(mapBytes)
        .setMaxDbs(Table.values().length)
        .open(dir.toFile(), 0666, flags); // narrowed by the umask
  }

  private static Lmdb open(Env<ByteBuffer> env, long mapBytes, boolean readOnly) {
    try {
      @SuppressWarnings({"unchecked", "rawtypes"})
      Dbi<ByteBuffer>[] tables = new Dbi[Table.values().length];
      try (Txn<ByteBuffer> txn = readOnly ? env.txnRead() : env.txnWrite()) {
        for (Table table : Table.values()) {
          tables[table.ordinal()] =
              env.openDbi(txn, table.label().getBytes(StandardCharsets.US_ASCII), null, false, flags(table, readOnly));
        }
        txn.commit();
      }
      return new Lmdb(env, tables, Math.max(mapBytes, env.info().mapSize), readOnly);
    } catch (LmdbException e) {
      env.close();
      throw e;
    }
  }

  private static DbiFlags[] flags(Table table, boolean readOnly) {
    if (readOnly) return table.numbered() ? new DbiFlags[] {DbiFlags.MDB_INTEGERKEY} : new DbiFlags[0];
    return table.numbered()
        ? new DbiFlags[] {DbiFlags.MDB_INTEGERKEY, DbiFlags.MDB_CREATE}
        : new DbiFlags[] {DbiFlags.MDB_CREATE};
  }

  private static IOException asOpenError(LmdbException e) throws Corrupt {
    boolean system = e instanceof LmdbNativeException n && n.getResultCode() > 0;
    if (!system) throw new Corrupt("LMDB refuses it: %s", e.getMessage());
    return new IOException(e.getMessage(), e);
  }

  // --- reading

  /** The value of a key, empty when there is none: good until the next call of anything here. */
  Optional<ByteBuffer> get(Table table, int number) {
    return get(table, key(number));
  }

  Optional<ByteBuffer> get(Table table, String name) {
    return get(table, key(name));
  }

  private Optional<ByteBuffer> get(Table table, ByteBuffer name) {
    ByteBuffer value;
    try {
      value = tables[table.ordinal()].get(txn(), name);
    } catch (LmdbException e) {
      throw damaged(table); // LMDB met a page that cannot be: the disk changed under it
    }
    if (value == null) return Optional.empty();
    int end = value.limit() - CHECKSUM;
    if (end < 0) throw damaged(table);
    value.order(ByteOrder.LITTLE_ENDIAN);
    int expected = value.getInt(end);
    value.limit(end);
    int sum = checksum(name, value);
    if (sum != expected) throw damaged(table);
    return Optional.of(value);
  }

  /** How many keys a table has. */
  long entries(Table table) {
    return tables[table.ordinal()].stat(txn()).entries;
  }

  /** What to do, once, when a value turns out to be damaged, before the bug is thrown. */
  void onDamage(Runnable what) {
    onDamage = what;
  }

  private Bug damaged(Table table) {
    onDamage.run();
    return Bug.of("a value of table %s is damaged; the whole store is checked at next start", table.label());
  }

  /** What reads now: the write transaction, or a snapshot at least as new as the last commit. */
  private Txn<ByteBuffer> txn() {
    if (writer != null) return writer;
    if (!readerFresh) {
      reader.renew();
      readerFresh = true;
    }
    return reader;
  }

  // --- writing

  /**
   * Makes these changes in one transaction; they may be made more than once, since the map grows when it is too small.
   *
   * @throws IOException when the disk refuses; nothing is then changed
   */
  void write(Runnable changes) throws IOException {
    while (!tryWrite(changes)) grow();
  }

  /** False when the map is too small. */
  private boolean tryWrite(Runnable changes) throws IOException {
    begin();
    try {
      changes.run();
      writer.commit();
      return true;
    } catch (Env.MapFullException e) {
      return false;
    } catch (LmdbNativeException e) {
      throw refused(e);
    } finally {
      writer.close(); // aborts unless committed
      writer = null;
    }
  }

  private void begin() {
    Bug.check(writer == null && !readOnly, "no write transaction can begin");
    // A snapshot that is left open would keep LMDB from using freed pages again.
    if (readerFresh) reader.reset();
    readerFresh = false;
    writer = env.txnWrite();
  }

  void put(Table table, int number, byte[] value, int size) {
    put(table, key(number), value, size);
  }

  void put(Table table, String name, byte[] value) {
    put(table, key(name), value, value.length);
  }

  private void put(Table table, ByteBuffer name, byte[] value, int size) {
    ByteBuffer room = tables[table.ordinal()].reserve(writer, name, size + CHECKSUM);
    room.order(ByteOrder.LITTLE_ENDIAN).put(value, 0, size);
    crc.reset();
    crc.update(name.duplicate());
    crc.update(value, 0, size);
    room.putInt((int) crc.getValue());
  }

  /** Doubles the map; not within a write transaction. Pins stay good: they are never read through. */
  private void grow() {
    Bug.check(writer == null && !readerFresh, "the map cannot grow within a transaction");
    mapBytes *= 2;
    env.setMapSize(mapBytes);
  }

  // --- checkpoints

  /** Keeps the pages of the current snapshot, and of all later ones, from being written over, until it is closed. */
  Pin pin() {
    env.readerCheck(); // a reader elsewhere that was killed must not pin its snapshot for ever
    Txn<ByteBuffer> pin = env.txnRead();
    return pin::close;
  }

  /** A snapshot that is kept. Any thread may let it go. */
  interface Pin extends AutoCloseable {
    @Override
    void close();
  }

  /** Waits until all that was committed is on the disk. Any thread. */
  void sync() throws IOException {
    try {
      env.sync(true);
    } catch (LmdbNativeException e) {
      throw refused(e);
    }
  }

  /** What the disk says, in words; anything else that LMDB may say is passed on. */
  private static IOException refused(LmdbNativeException e) {
    if (e instanceof LmdbNativeException.PanicException) {
      return new IOException("its first page could not be written; start the server again", e);
    }
    return switch (e.getResultCode()) {
      case ENOSPC, EDQUOT -> new IOException("the disk is full", e);
      case EIO -> new IOException("the disk is full, or fails", e); // LMDB's word for a short write, too
      default -> {
        if (e.getResultCode() <= 0) throw e;
        yield new IOException(e.getMessage(), e);
      }
    };
  }

  @Override
  public void close() {
    reader.close();
    env.close();
  }

  private ByteBuffer key(int number) {
    key.clear();
    return key.putInt(0, number);
  }

  private ByteBuffer key(String name) {
    byte[] bytes = Text.encode(name);
    Bug.check(bytes.length > 0 && bytes.length <= 400, "a blob cannot be named '%s'", name);
    return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
  }

  private int checksum(ByteBuffer name, ByteBuffer value) {
    crc.reset();
    crc.update(name.duplicate());
    crc.update(value.duplicate());
    return (int) crc.getValue();
  }
}

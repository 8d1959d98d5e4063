package lmake.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import lmake.base.Bug;
import lmake.base.ExitCode;
import lmake.base.UserError;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import lmake.graph.RunRecord;
import lmake.graph.TargetVector;
import lmake.rules.RuleIds;

/**
 * What the repo knows, kept in a dir. {@link #open} reads names, nodes and jobs into a {@link Graph}; {@link #commit}
 * takes what changed since. A commit survives the death of the process at once, a power cut after the next
 * {@link #checkpoint}.
 *
 * <p>Engine's thread only, but for {@link #checkpoint}, which another thread should call (it waits for the disk): at
 * least every 2 s or 500 jobs while there is work, and when there is no more. One store at a time may write; its owner
 * sees to that.
 */
public final class Store implements RuleIds, AutoCloseable {
  private static final String RULES_BLOB = "#rules";
  private static final String ARCHIVE_BLOB = "#archive";
  private static final String DIGEST_BLOB = "#digest";
  private static final String USER_BLOB = "=";

  private final StoreDir dir;
  private final boolean readOnly;
  private final StoreDir.Found found;
  private final String warning;
  private final Lmdb lmdb;
  private final KeyTable names = new KeyTable(true);
  private final KeyTable stems = new KeyTable();
  private final RuleTable rules;
  private final Graph graph;
  private final Archive archive;

  private final Records records = new Records();
  private final Out body = new Out(4096);
  private final Map<Integer, byte[]> newRuns = new LinkedHashMap<>();
  private final Map<String, byte[]> newBlobs = new LinkedHashMap<>();
  private boolean archiving = true; // until it could not be written
  private boolean loaded;
  private boolean disowned; // some job was running
  private boolean marked; // the store on disk is marked as being written
  private boolean damaged; // a value did not have its checksum

  private final Object saving = new Object(); // one checkpoint at a time; taken before writing
  private final Object writing = new Object(); // no pin within a commit
  private Lmdb.Pin pin; // guarded by saving: of the snapshot in the file checkpoint
  private long commits; // guarded by writing
  private long savedCommits; // guarded by writing; those in the file checkpoint
  private boolean unverified; // guarded by writing

  private Store(StoreDir dir, boolean readOnly, StoreDir.Found found, String warning, Lmdb lmdb) throws Corrupt {
    this.dir = dir;
    this.readOnly = readOnly;
    this.found = found;
    this.warning = warning;
    this.lmdb = lmdb;
    this.unverified = found.rebooted();
    load(Table.NAMES, names);
    load(Table.STEMS, stems);
    this.rules = new RuleTable(read(RULES_BLOB));
    JobShelf shelf = new JobShelf(stems, lmdb);
    this.graph = new Graph(new NameTree(names), shelf);
    loadRecords(shelf);
    archive = new Archive(dir.dir(), names, rules);
    lmdb.onDamage(this::distrust);
  }

  /**
   * Opens the store of a dir; makes it when there is none, unless {@code readOnly}.
   *
   * <p>A damaged store is moved aside as {@code <dir>.bad-<n>} and a fresh one made, since all can be worked out again;
   * {@link #warning} then says so. Read-only, it is refused.
   *
   * @throws UserError VERSION for another format; BAD_STATE when damaged, absent or in need of recovery and read-only;
   * SYSTEM
   *     when the disk refuses
   */
  public static Store open(Path dir, boolean readOnly) throws UserError {
    return open(dir, readOnly, Lmdb.MAP_BYTES);
  }

  static Store open(Path path, boolean readOnly, long mapBytes) throws UserError {
    StoreDir dir = new StoreDir(path);
    try {
      try {
        return attempt(dir, readOnly, mapBytes, "");
      } catch (Corrupt e) {
        String damaged = "the store in " + path + " is damaged (" + e.getMessage() + ")";
        if (readOnly) {
          throw new UserError(ExitCode.BAD_STATE, damaged + "\n  consider: run lmake, it will make a new one");
        }
        String warning = damaged + "; it was moved to " + dir.moveAside() + " and a new one is made";
        return attempt(dir, false, mapBytes, warning);
      }
    } catch (Corrupt e) {
      throw Bug.of("a new store is damaged: %s", e.getMessage());
    } catch (IOException e) {
      throw refused(path, "opened", e);
    }
  }

  private static Store attempt(StoreDir dir, boolean readOnly, long mapBytes, String warning)
      throws IOException, UserError, Corrupt {
    if (!dir.exists()) {
      if (readOnly) throw new UserError(ExitCode.BAD_STATE, "there is no store in " + dir.dir());
      dir.create(mapBytes);
    }
    dir.checkFormat();
    StoreDir.Found found = dir.recover(readOnly);
    boolean lock = !readOnly || Files.isWritable(dir.dir());
    Lmdb lmdb = Lmdb.open(dir.dir(), mapBytes, readOnly, lock);
    boolean opened = false;
    try {
      Store store = new Store(dir, readOnly, found, warning, lmdb);
      opened = true;
      return store;
    } catch (Bug e) {
      // A checksum or a codec that refuses what it reads: the disk changed under a store left clean.
      throw new Corrupt("%s", e.getMessage());
    } finally {
      if (!opened) lmdb.close();
    }
  }

  /** What happened to the store that was there, in one sentence for the user; empty when nothing did. */
  public Optional<String> warning() {
    return warning.isEmpty() ? Optional.empty() : Optional.of(warning);
  }

  /**
   * True when the last owner did not {@link #close}, or the machine stopped before what it wrote was safe. What
   * {@link #load} gives takes account of it.
   */
  public boolean unclean() {
    return !found.clean() || found.rebooted();
  }

  /**
   * True when the machine was started again since the store was last written, or nobody made sure of what that may have
   * done to files: no sig that was kept proves anything. What {@link #load} gives takes account of it; who keeps sigs in
   * blobs must forget them, in the first commit.
   */
  public boolean rebooted() {
    return found.rebooted();
  }

  /**
   * The graph as the last commit left it; once per store. Jobs that were running are NEW and their targets BUSY: nobody
   * will account for them. When the machine was started again every node with a sig is HOT: files may have lost content
   * and kept their date, so each must be summed again before it is trusted; and what a job read under a sig is not known
   * any more. After a mere kill no such thing can be: what a commit says was written before anything else went on. These
   * changes are the first ones to be committed.
   */
  public Graph load() {
    Bug.check(!loaded, "a store gives its graph once");
    loaded = true;
    for (int job = 1; job <= graph.jobCount(); job++) if (graph.status(job) == JobStatus.RUNNING) disown(job);
    if (found.rebooted()) distrustSigs();
    return graph;
  }

  private void distrustSigs() {
    for (int node = 1; node <= graph.nodeCount(); node++) {
      if (graph.sig(node) != 0) graph.setFlag(node, Graph.HOT, true);
    }
    for (int job = 1; job <= graph.jobCount(); job++) {
      Optional<ByteBuffer> stored = lmdb.get(Table.BODIES, job);
      if (stored.isEmpty()) continue;
      In in = In.of(stored.get());
      BodyCodec.decodeTargets(in);
      DepVector deps = BodyCodec.decodeDeps(in);
      DepVector doubted = deps;
      for (int i = 0; i < deps.size(); i++) {
        if (!deps.has(i, DepVector.SIG)) continue;
        doubted = doubted.with(i, deps.bits(i) | DepVector.HOT, deps.value(i));
      }
      if (doubted != deps) graph.setDeps(job, doubted);
    }
  }

  /**
   * Once loaded: true when runs may have gone on that nobody accounted for, and that may have left files of which the
   * store knows nothing.
   */
  public boolean lostTrack() {
    return disowned || unclean();
  }

  private void disown(int job) {
    disowned = true;
    graph.setStatus(job, JobStatus.NEW);
    TargetVector targets = graph.targets(job);
    for (int i = 0; i < targets.size(); i++) graph.setFlag(targets.node(i), Graph.BUSY, true);
  }

  // --- reading

  /** The record of the last run of a job. */
  public Optional<RunRecord> run(int job) {
    byte[] fresh = newRuns.get(job);
    if (fresh != null) return Optional.of(RunCodec.decode(new In(fresh)));
    return lmdb.get(Table.RUNS, job).map(In::of).map(RunCodec::decode);
  }

  /** The digest of the rules as last read; empty when there is none. */
  public byte[] digest() {
    return read(DIGEST_BLOB);
  }

  /** A small thing kept under a name; empty when there is none. */
  public byte[] blob(String name) {
    return read(USER_BLOB + name);
  }

  private byte[] read(String blob) {
    byte[] fresh = newBlobs.get(blob);
    if (fresh != null) return fresh.clone();
    return lmdb.get(Table.BLOBS, blob).map(Store::bytes).orElseGet(() -> new byte[0]);
  }

  private static byte[] bytes(ByteBuffer value) {
    byte[] bytes = new byte[value.remaining()];
    value.get(bytes);
    return bytes;
  }

  private void load(Table table, KeyTable keys) throws Corrupt {
    int blocks = (int) lmdb.entries(table);
    // A guess: a thousand pairs too many cost nothing, and growing step by step costs as much as the rest.
    keys.expect((int) Math.min(Integer.MAX_VALUE / 4, blocks * 180L));
    for (int i = 0; i < blocks; i++) {
      Optional<ByteBuffer> block = lmdb.get(table, i);
      if (block.isEmpty()) throw new Corrupt("block %d of its %s is missing", i, table.label());
      keys.load(bytes(block.get()));
    }
    keys.saved();
  }

  private void loadRecords(JobShelf shelf) throws Corrupt {
    for (int i = names.count() / Graph.BLOCK; i >= 0; i--) {
      Optional<ByteBuffer> block = lmdb.get(Table.NODES, i);
      if (block.isPresent()) records.decodeNodes(block.get(), i, names.count(), graph);
    }
    for (int i = stems.count() / Graph.BLOCK; i >= 0; i--) {
      Optional<ByteBuffer> block = lmdb.get(Table.JOBS, i);
      if (block.isPresent()) records.decodeJobs(block.get(), i, shelf, graph);
    }
  }

  // --- writing

  @Override
  public int idOf(long matchCrc) {
    return rules.idOf(matchCrc);
  }

  /** Kept at the next commit. */
  public void setDigest(byte[] digest) {
    newBlobs.put(DIGEST_BLOB, digest.clone());
  }

  /** Kept at the next commit. Names have 1 to 100 chars. */
  public void setBlob(String name, byte[] content) {
    Bug.check(!name.isEmpty() && name.length() <= 100, "a blob cannot be named '%s'", name);
    newBlobs.put(USER_BLOB + name, content.clone());
  }

  /** Kept at the next commit, in place of the record before. */
  public void putRun(int job, RunRecord run) {
    newRuns.put(job, RunCodec.encode(run));
  }

  /**
   * Keeps all that changed since the last commit, in one transaction; nothing is done when nothing changed. Afterwards
   * it survives the death of the process.
   *
   * @throws UserError SYSTEM when the disk refuses (full, or broken): nothing is lost nor half written, the same
   * changes go with
   *     the next commit
   */
  public void commit(Graph of) throws UserError {
    Bug.check(of == graph, "a graph of another store");
    if (!dirty()) return;
    Bug.check(!readOnly, "a commit to a store opened for reading");
    if (!marked) save(); // what was safe so far is pinned, and the store is known as being written
    marked = true;
    synchronized (writing) {
      try {
        boolean begun = archived();
        lmdb.write(this::writeAll);
        archive(begun);
      } catch (IOException e) {
        throw refused(dir.dir(), "written", e);
      }
      commits++;
      if (loaded) unverified = false; // the nodes to verify are now marked in the data
    }
    clean();
  }

  // --- the archive

  /** False when the archive must be written whole: after a power cut, numbers may stand for other names than in it. */
  private boolean archived() throws IOException {
    if (!archiving) return true;
    if (found.rebooted() && commits == 0) archive.distrust();
    boolean begun = (!found.rebooted() || commits > 0) && archive.open(read(ARCHIVE_BLOB), dir.dir());
    if (!begun) newBlobs.put(ARCHIVE_BLOB, Archive.newId());
    return begun;
  }

  private void archive(boolean begun) {
    try {
      if (!archiving) return;
      if (!begun || archive.stale(false)) archive.rewrite(read(ARCHIVE_BLOB), this::all);
      else archive.end();
    } catch (IOException e) {
      noArchive();
    }
  }

  private void flushArchive() {
    try {
      if (archiving) archive.append();
    } catch (IOException e) {
      noArchive();
    }
  }

  /**
   * The disk is full or broken, as the store itself will soon notice. What is in the archive stays true, and the next
   * owner of the store writes it whole if its end is torn.
   */
  private void noArchive() {
    archiving = false;
    archive.distrust();
  }

  private void all(Archive to) throws IOException {
    for (int job = 1; job <= graph.jobCount(); job++) {
      body.clear();
      if (graph.status(job) == JobStatus.OK) BodyCodec.encode(graph.targets(job), graph.deps(job), body);
      to.job(graph, job, body);
      Optional<byte[]> run = lmdb.get(Table.RUNS, job).map(Store::bytes);
      if (run.isPresent()) to.run(job, run.get());
      to.drain();
    }
  }

  /** Whether there is an archive at all for {@link #past} to read. */
  public static boolean hasPast(Path store) {
    return Files.exists(Archive.of(store)) || Files.exists(Archive.lost(store));
  }

  /**
   * Gives each job that the archives of a store tell of, as it was last, those of stores lost before it first; however
   * damaged the store is.
   *
   * @param store the dir that was given to {@link #open}
   */
  public static void past(Path store, Consumer<PastJob> to) throws IOException {
    ArchiveReader.read(Archive.lost(store), to);
    ArchiveReader.read(Archive.of(store), to);
  }

  private boolean dirty() {
    return !graph.dirtyNodeBlocks().isEmpty()
        || !graph.dirtyJobs().isEmpty()
        || names.dirty()
        || stems.dirty()
        || rules.dirty()
        || !newRuns.isEmpty()
        || !newBlobs.isEmpty();
  }

  private void clean() {
    graph.dirtyNodeBlocks().clear();
    graph.dirtyJobs().clear();
    names.saved();
    stems.saved();
    rules.saved();
    newRuns.clear();
    newBlobs.clear();
  }

  private void writeAll() {
    archive.begin(); // a transaction that found no room is tried again
    BitSet blocks = graph.dirtyNodeBlocks();
    for (int i = blocks.nextSetBit(0); i >= 0; i = blocks.nextSetBit(i + 1)) {
      records.encodeNodes(graph, i);
      lmdb.put(Table.NODES, i, records.bytes(), Records.BLOCK_BYTES);
    }
    writeJobs();
    write(Table.NAMES, names);
    write(Table.STEMS, stems);
    if (rules.dirty()) lmdb.put(Table.BLOBS, RULES_BLOB, rules.encode());
    newRuns.forEach((job, run) -> {
      lmdb.put(Table.RUNS, job, run, run.length);
      archive.run(job, run);
    });
    newBlobs.forEach((name, content) -> lmdb.put(Table.BLOBS, name, content));
  }

  private void writeJobs() {
    BitSet jobs = graph.dirtyJobs();
    int block = -1;
    for (int job = jobs.nextSetBit(0); job >= 0; job = jobs.nextSetBit(job + 1)) {
      writeBody(job);
      if (job / Graph.BLOCK == block) continue;
      block = job / Graph.BLOCK;
      records.encodeJobs(graph, block);
      lmdb.put(Table.JOBS, block, records.bytes(), Records.BLOCK_BYTES);
    }
  }

  /** Most changes of a job are of its status: its deps are only written when they are not what the store has. */
  private void writeBody(int job) {
    body.clear();
    BodyCodec.encode(graph.targets(job), graph.deps(job), body);
    archive.job(graph, job, body);
    Optional<ByteBuffer> old = lmdb.get(Table.BODIES, job);
    if (old.isPresent() && old.get().equals(ByteBuffer.wrap(body.array(), 0, body.size()))) return;
    lmdb.put(Table.BODIES, job, body.array(), body.size());
  }

  private void write(Table table, KeyTable keys) {
    if (!keys.dirty()) return;
    for (int i = keys.firstDirtyBlock(); i < keys.blockCount(); i++) {
      lmdb.put(table, i, keys.block(i), keys.blockSize(i));
    }
  }

  // --- what survives a power cut

  /**
   * Makes all commits so far survive a power cut. Waits for the disk, while commits go on. Any thread.
   *
   * @throws UserError SYSTEM when the disk refuses: the checkpoint before stands
   */
  public void checkpoint() throws UserError {
    synchronized (writing) {
      if (commits == savedCommits) return;
    }
    save();
  }

  private void save() throws UserError {
    synchronized (saving) {
      Lmdb.Pin fresh = null;
      try {
        Checkpoint checkpoint;
        long covered;
        synchronized (writing) {
          flushArchive();
          covered = commits;
          // In this order, and with no commit in between: the pages of the metas we copy are pinned.
          fresh = lmdb.pin();
          checkpoint = dir.checkpoint(false, unverified);
        }
        lmdb.sync();
        checkpoint.write(dir.dir());
        synchronized (writing) {
          savedCommits = covered;
        }
        Lmdb.Pin old = pin;
        pin = fresh;
        fresh = old; // only now may the pages of the snapshot before be written over
      } catch (IOException e) {
        throw refused(dir.dir(), "written", e);
      } catch (Corrupt e) {
        throw Bug.of("the data file is damaged while open: %s", e.getMessage());
      } finally {
        if (fresh != null) fresh.close();
      }
    }
  }

  /**
   * Makes all commits safe, marks the store as cleanly left, and closes it. What was not committed is not kept.
   *
   * @throws UserError SYSTEM when the disk refuses; the store is closed all the same
   */
  @Override
  public void close() throws UserError {
    synchronized (saving) {
      try {
        if (!readOnly && !damaged && archive.stale(true)) archive(false);
        flushArchive();
        if (!readOnly && !damaged && (marked || !found.clean())) leaveClean();
      } catch (IOException e) {
        throw refused(dir.dir(), "written", e);
      } catch (Corrupt e) {
        throw Bug.of("the data file is damaged while open: %s", e.getMessage());
      } finally {
        if (pin != null) pin.close();
        pin = null;
        archive.distrust();
        lmdb.close();
      }
    }
  }

  private void leaveClean() throws IOException, Corrupt {
    lmdb.sync();
    dir.checkpoint(true, unverified).write(dir.dir());
  }

  /** Has the whole store checked at next start: a value of a store left clean is damaged. */
  private void distrust() {
    damaged = true;
    if (readOnly || marked) return;
    try {
      dir.checkpoint(false, unverified).write(dir.dir());
    } catch (IOException | Corrupt e) {
      throw Bug.of("a value is damaged, and that cannot be noted: %s", e.getMessage());
    }
  }

  private static UserError refused(Path dir, String what, IOException e) {
    return new UserError(ExitCode.SYSTEM, "the store in " + dir + " cannot be " + what + ": " + e.getMessage());
  }
}

package lmake.server;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import lmake.base.ExitCode;
import lmake.base.UserError;
import lmake.command.Session;
import lmake.graph.Graph;
import lmake.rules.Candidate;
import lmake.rules.Rule;
import lmake.rules.RuleBook;
import lmake.store.Store;
import lmake.wire.AgentOrder;
import lmake.wire.JobEnd;
import lmake.wire.PathBytes;

/**
 * Keeps what the makefiles say up to date: before each command that builds, looks whether anything their last reading
 * depended on has changed, and if so has them read again by python, as a job of the agent. What was understood is in
 * the store, so that a server that starts needs no python. One reading at a time; engine's thread.
 */
final class MakefileReader {
  private static final String DEPS = "makefile deps";

  private record Waiter(Session session, Runnable then) {}

  private final Places places;
  private final Store store;
  private final Graph graph;
  private final Disk disk;
  private final Agent agent;
  private final BooleanSupplier busy;
  private final Consumer<RuleBook> adopted;
  private final Runnable useless;
  private final Deque<Waiter> waiters = new ArrayDeque<>();

  private Optional<RuleBook> read = Optional.empty(); // as the makefiles say
  private Optional<RuleBook> book = Optional.empty(); // with what the user froze
  private Optional<ReadDeps> deps = Optional.empty();
  private Optional<WorkerLink> worker = Optional.empty();
  private long reading; // seq of the run, 0 when there is none
  private long lastSeq = ReaderJob.FIRST_SEQ;
  private boolean useful; // some command got past here

  /**
   * @param busy whether commands are running
   * @param adopted gets each new book
   * @param useless called when the server has not been able to serve a command yet
   */
  MakefileReader(
      Places places,
      Store store,
      Graph graph,
      Disk disk,
      Agent agent,
      BooleanSupplier busy,
      Consumer<RuleBook> adopted,
      Runnable useless) {
    this.places = places;
    this.store = store;
    this.graph = graph;
    this.disk = disk;
    this.agent = agent;
    this.busy = busy;
    this.adopted = adopted;
    this.useless = useless;
    byte[] kept = store.blob(DEPS);
    if (kept.length > 0) deps = ReadDeps.decode(kept);
    if (store.rebooted() && deps.isPresent()) {
      deps = deps.map(ReadDeps::doubted);
      store.setBlob(DEPS, deps.get().encode());
    }
  }

  /** What was last understood, from the store if need be; empty before the first reading. */
  Optional<RuleBook> book() {
    if (book.isEmpty() && deps.isPresent()) {
      byte[] digest = store.digest();
      if (digest.length > 0) recall(List.of(new String(digest, StandardCharsets.US_ASCII).split("\n")));
    }
    return book;
  }

  /** What is frozen has changed: it counts as a source, or no more. Nothing may be being built. */
  void marked() {
    if (read.isPresent()) freeze();
  }

  private void freeze() {
    List<String> frozen = Arrays.stream(graph.marked(Graph.FROZEN)).mapToObj(graph::name).toList();
    book = read.map(plain -> plain.freezing(frozen));
    adopted.accept(book.orElseThrow());
  }

  boolean reads() {
    return reading != 0;
  }

  boolean reads(long seq) {
    return reading == seq;
  }

  /** See {@link lmake.command.Site#refresh}. */
  void refresh(Session session, Runnable then) {
    if (reads()) {
      waiters.add(new Waiter(session, then));
      return;
    }
    Optional<String> cause = stale(session.environ());
    if (cause.isEmpty()) {
      pass(session, then);
      return;
    }
    waiters.addFirst(new Waiter(session, then));
    tell(session, "read config because " + cause.get());
    try {
      start(session);
    } catch (UserError e) {
      fail(e);
    } catch (IOException e) {
      fail(new UserError(ExitCode.SYSTEM, "cannot read makefiles : " + e.getMessage()));
    }
  }

  /** The run of the reader is over. */
  void ended(JobEnd end) {
    reading = 0;
    Session session = waiters.element().session;
    session.err(end.stderr());
    for (String message : end.messages()) tell(session, message);
    try {
      Optional<UserError> broken = ReaderJob.failure(end);
      if (broken.isPresent()) throw broken.get();
      adopt(ReaderJob.digest(), end);
      ReaderJob.clean();
    } catch (UserError e) {
      fail(e);
      return;
    } catch (IOException e) {
      fail(new UserError(ExitCode.SYSTEM, "cannot read makefiles : " + e.getMessage()));
      return;
    }
    Waiter first = waiters.remove();
    pass(first.session, first.then);
    serveOthers();
  }

  /**
   * This client typed ^C, or is gone: it waits for no reading any more. One that nobody waits for is killed, since it may
   * well be a loop without end.
   */
  void left(Session session) {
    if (!reads() || waiters.stream().noneMatch(w -> w.session == session)) return;
    session.exit(ExitCode.FAIL);
    if (!waiters.stream().allMatch(w -> w.session.closed())) return;
    try {
      agent.link().send(new AgentOrder.Kill(reading, 1));
    } catch (IOException e) {
      // No agent: its death is on its way to us, and with it the end of the reading.
      ServerLog.say("cannot kill the reader of makefiles: " + e);
    }
  }

  /** The agent died while it ran the reader. */
  void lost(String how) {
    reading = 0;
    fail(new UserError(ExitCode.SYSTEM, "cannot read makefiles : the agent died (" + how + ")"));
  }

  /** Ends the python process, if any. */
  void stop() {
    worker.ifPresent(WorkerLink::stop);
  }

  private void pass(Session session, Runnable then) {
    useful = true;
    if (!session.closed()) then.run();
  }

  private Optional<String> stale(Map<String, String> environ) {
    if (deps.isEmpty() || book().isEmpty()) return Optional.of("it was never read");
    Disk.Seen[] seen = disk.look(deps.get().names(), deps.get().knownSigs(), false);
    return deps.get().stale(places, environ, seen);
  }

  private void start(Session session) throws UserError, IOException {
    String python = PythonFinder.find(session.environ());
    long seq = ++lastSeq;
    agent.link().send(ReaderJob.prepare(places, seq, python, session.environ()));
    reading = seq;
  }

  private void adopt(List<String> digest, JobEnd end) throws UserError, IOException {
    WorkerLink fresh = WorkerLink.of(places, LmakeFiles.parse(digest.get(0)));
    RuleBook now = RuleBook.parse(digest, store, fresh, HostOs.NAME);
    ReadDeps on = new ReadDeps(places.installDir(), places.root(), new ReadTrace(disk).files(end), environ(now));
    checkSources(now, on);
    if (read.isPresent()) {
      Optional<UserError> refusal = Reload.refusal(read.get(), now, busy.getAsBoolean(), graph.jobCount() == 0);
      if (refusal.isPresent()) throw refusal.get();
    }
    LmakeFiles.write(digest, now, on);
    store.setDigest(String.join("\n", digest).getBytes(StandardCharsets.US_ASCII));
    store.setBlob(DEPS, on.encode());
    deps = Optional.of(on);
    accept(now, fresh);
  }

  private static Map<String, Optional<String>> environ(RuleBook book) {
    Map<String, Optional<String>> environ = new HashMap<>();
    book.environUsed().forEach((key, value) -> environ.put(key, Optional.ofNullable(value)));
    return environ;
  }

  private void recall(List<String> digest) {
    WorkerLink fresh = WorkerLink.of(places, LmakeFiles.parse(digest.get(0)));
    try {
      accept(RuleBook.parse(digest, store, fresh, HostOs.NAME), fresh);
    } catch (UserError e) {
      // Of another version of ours: as if there were none, so it is read again.
      ServerLog.say("the digest in the store is refused: " + e.getMessage());
    }
  }

  private void accept(RuleBook now, WorkerLink evaluator) {
    worker.ifPresent(WorkerLink::stop);
    worker = Optional.of(evaluator);
    read = Optional.of(now);
    freeze();
  }

  /** What makefiles read in the repo must be sources, else a clone of the repo would not have it. */
  private static void checkSources(RuleBook now, ReadDeps on) throws UserError {
    List<String> dangling = new ArrayList<>();
    for (ReadDeps.File file : on.files()) {
      String name = file.name();
      boolean exists = ReadDeps.isSig(file.state()) || file.state() == ReadDeps.MOVING;
      boolean inRepo = !name.startsWith("/") && !name.startsWith("../") && !name.startsWith(".git/");
      if (exists && inRepo && !isSource(now, name)) dangling.add("dangling makefile : " + name);
    }
    if (dangling.isEmpty()) return;
    dangling.add("  consider : git add " + dangling.get(0).substring("dangling makefile : ".length()));
    throw new UserError(ExitCode.BAD_MAKEFILE, String.join("\n", dangling));
  }

  private static boolean isSource(RuleBook book, String name) {
    if (book.manifest().isSource(name) || book.manifest().inSourceDir(name)) return true;
    List<Candidate> candidates = book.candidates(name);
    return candidates.stream().anyMatch(c -> c.rule().special() != Rule.Special.PLAIN);
  }

  /**
   * The first waiter is told, and ends; the others try again, since their environment may be another. To the client
   * for which a server was started, makefiles that cannot be read are a server that could not start: it is of no use,
   * and leaves.
   */
  private void fail(UserError error) {
    Session session = waiters.remove().session;
    if (!error.getMessage().isEmpty()) tell(session, error.getMessage());
    boolean cold = !useful && error.code() != ExitCode.SYSTEM;
    session.exit(cold ? ExitCode.SERVER_CRASH : error.code());
    if (!useful) useless.run();
    serveOthers();
  }

  private void serveOthers() {
    List<Waiter> others = new ArrayList<>(waiters);
    waiters.clear();
    for (Waiter one : others) if (!one.session.closed()) refresh(one.session, one.then);
  }

  private static void tell(Session session, String line) {
    session.err(PathBytes.encode(line + "\n"));
  }
}

package lmake.server;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import lmake.base.Bug;
import lmake.base.ExitCode;
import lmake.base.UserError;
import lmake.command.Commands;
import lmake.engine.Action;
import lmake.engine.Engine;
import lmake.engine.Event;
import lmake.graph.Graph;
import lmake.rules.RuleBook;
import lmake.store.Store;
import lmake.wire.AgentReport;

/**
 * A server at work: all parts, wired. What the threads of the connections, of the agent and of the disk hear is posted
 * to the engine's thread, which does everything else; {@link #run} is that thread.
 */
final class Server implements Connections.Hearer, AgentLink.Hearer {
  private static final long SIGNAL_PATIENCE_S = 15;
  private static final int CRASHED = 2;

  private final Places places;
  private final boolean readOnly;
  private final Optional<KernelLock> lock;
  private final Store store;
  private final Graph graph;
  private final EngineLoop loop = new EngineLoop();
  private final Disk disk;
  private final Connections connections;
  private final Marker marker = new Marker(Places.MARKER, "local:" + Places.SOCKET, ProcessHandle.current().pid());
  private final Agent agent;
  private final Lib lib;
  private final DiskChecks disks;
  private final Checkpoints checkpoints;
  private final Attempts attempts;
  private final Engine engine;
  private final Orphans orphans;
  private final Reqs reqs;
  private final Executions executions;
  private final MakefileReader makefiles;
  private final Lifetime lifetime;
  private final ServerSite site;
  private final CountDownLatch over = new CountDownLatch(1);
  private Optional<String> warning;
  private volatile boolean signaled;
  private volatile boolean byHand;

  /**
   * @param lock what makes us the only one here; empty when the repo is only read
   */
  Server(Places places, ServerOptions options, Store store, Lib lib, Optional<KernelLock> lock) throws IOException {
    this.places = places;
    this.lock = lock;
    this.readOnly = options.readOnly();
    this.store = store;
    warning = store.warning();
    graph = store.load();
    this.lib = lib;
    disk = new NativeDisk(lib);
    connections = new Connections(Path.of(options.socket()), this);
    agent = new Agent(places, this);
    disks = new DiskChecks(disk, events -> loop.post(() -> events.forEach(loop::step)));
    checkpoints = new Checkpoints(store);
    attempts = new Attempts(store);
    engine = new Engine(graph, attempts.first());
    orphans = new Orphans(store, engine);
    reqs = new Reqs(loop::post, engine::wants, disk::now);
    Endings endings = new Endings(store, new Verdicts(graph, reqs, () -> site().rules()));
    ValueDeps values = new ValueDeps(graph, disk, engine::settled);
    executions = new Executions(graph, agent, reqs, new StartOrders(graph, places), endings, values, loop::post,
        new Schedule(engine, reqs), loop::post);
    makefiles = new MakefileReader(places, store, graph, disk, agent, this::builds, this::adopt, this::useless);
    lifetime = new Lifetime(lib, connections, loop, this::works, readOnly);
    site = new ServerSite(places, store, graph, engine, makefiles, reqs, executions, lifetime,
        new RepoTree(disk, lib));
    loop.wire(engine::step, this::commit, this::carryOut, this::tick);
    loop.remind(reqs::due, reqs::remind);
  }

  /** Serves until it is time to leave; gives the status to exit with. */
  int run() throws IOException, InterruptedException, UserError {
    Runtime.getRuntime().addShutdownHook(new Thread(this::signaled, "signal"));
    try {
      loop.run();
      leave();
      return 0;
    } catch (CannotGoOn e) {
      Crash.stopped(e, connections);
      abandon();
      return e.error().code().number();
    } catch (RuntimeException | Error e) {
      Crash.broken(e, loop.lastEvents(), connections);
      abandon();
      return CRASHED;
    } finally {
      over.countDown();
    }
  }

  /** Serves until interrupted, if the makefiles can be read. */
  int stay() throws IOException, InterruptedException, UserError {
    lifetime.stay();
    byHand = true;
    Console console = new Console("lmake_server", loop::stop);
    loop.post(() -> {
      try {
        VersionGate.pass("lmake_server", readOnly);
        site.refresh(console, () -> {});
      } catch (UserError e) {
        console.err((e.getMessage() + "\n").getBytes(StandardCharsets.UTF_8));
        console.exit(e.code());
      }
    });
    int status = run();
    if (status != 0) return status;
    if (signaled) return ExitCode.FAIL.number();
    return console.code() == ExitCode.SERVER_CRASH ? ExitCode.BAD_MAKEFILE.number() : console.code().number();
  }

  /** Fills a new repo with what is known of an old one; serves nobody. */
  int repair() throws IOException, InterruptedException, UserError {
    RepoFiles.linkInstallation(places);
    marker.write();
    background("disk", disks);
    background("checkpoints", checkpoints);
    Console console = new Console("lmake_repair", loop::stop);
    loop.post(() -> {
      Repair.announce(console);
      site.refresh(console, () -> repaired(console));
    });
    int status = run();
    return status != 0 ? status : signaled ? ExitCode.FAIL.number() : console.code().number();
  }

  private void repaired(Console console) {
    try {
      Repair.fill(console, store, graph, site.rules().orElseThrow(), disk);
      console.exit(ExitCode.OK);
    } catch (UserError e) {
      throw new CannotGoOn(e);
    } catch (IOException e) {
      throw new CannotGoOn(new UserError(ExitCode.SYSTEM, "cannot repair : " + e.getMessage()));
    }
  }

  // --- begin and end

  /** Lets clients in; they wait until {@link #run}. */
  void open() throws IOException {
    if (!readOnly) {
      RepoFiles.linkInstallation(places);
      marker.write();
    }
    connections.listen();
    background("connections", connections);
    background("disk", disks);
    background("checkpoints", checkpoints);
  }

  private static void background(String name, Runnable body) {
    Thread thread = new Thread(body, name);
    thread.setDaemon(true);
    thread.start();
  }

  /** SIGTERM, SIGINT, SIGHUP, or the end of {@link #run} itself, which has then nothing left to do. */
  private void signaled() {
    signaled = over.getCount() > 0;
    loop.post(loop::stop);
    try {
      if (!over.await(SIGNAL_PATIENCE_S, TimeUnit.SECONDS)) ServerLog.say("told to stop, and cannot");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // All is closed; the status the machine gives of itself is that of a shell.
    if (byHand && signaled) Runtime.getRuntime().halt(ExitCode.FAIL.number());
  }

  private void leave() throws InterruptedException, IOException, UserError {
    connections.close(0);
    agent.stop();
    makefiles.stop();
    if (lock.isPresent() && !lock.get().inPlace()) {
      // LMAKE was removed, and what bears its name now belongs to whoever came after us.
      ServerLog.say(Places.PRIVATE + " was removed or replaced: nothing is kept");
      return;
    }
    if (!readOnly) {
      RepoFiles.emptyTmp();
      commit();
    }
    checkpoints.stop();
    store.close();
    if (!readOnly) marker.remove();
  }

  /** The store is left as it is: what is not committed is not to be trusted, or cannot be. */
  private void abandon() throws InterruptedException {
    agent.stop();
    makefiles.stop();
    if (!readOnly) marker.remove();
  }

  // --- what other threads hear

  @Override
  public void hello(Client client) {
    loop.post(() -> serve(client));
  }

  @Override
  public void interrupt(Client client) {
    loop.post(() -> {
      makefiles.left(client);
      reqs.interrupt(client);
    });
  }

  @Override
  public void lost(Client client) {
    loop.post(() -> {
      makefiles.left(client);
      reqs.lost(client);
    });
  }

  @Override
  public void alone() {
    loop.post(lifetime::alone);
  }

  @Override
  public void report(AgentLink from, AgentReport report) {
    if (report instanceof AgentReport.Log log) ServerLog.say(log.line());
    else loop.post(() -> heard(report));
  }

  @Override
  public void died(AgentLink link, String how) {
    loop.post(() -> agentDied(link, how));
  }

  // --- engine's thread

  private void serve(Client client) {
    lifetime.served(client.environ());
    warning.ifPresent(text -> client.err((text + "\n").getBytes(StandardCharsets.UTF_8)));
    warning = Optional.empty();
    try {
      VersionGate.pass(client.tool(), readOnly);
      Commands.run(site, client);
    } catch (UserError e) {
      client.err((e.getMessage() + "\n").getBytes(StandardCharsets.UTF_8));
      client.exit(e.code());
    }
  }

  private void heard(AgentReport report) {
    if (report instanceof AgentReport.Started r) executions.report(r);
    else if (report instanceof AgentReport.LiveOut r) executions.report(r);
    else if (report instanceof AgentReport.Ask r) executions.report(r);
    else if (report instanceof AgentReport.Warn r) reqs.warn(r.text());
    else if (report instanceof AgentReport.Ended r && makefiles.reads(r.end().seq())) makefiles.ended(r.end());
    else if (report instanceof AgentReport.Ended r) {
      executions.report(r);
      checkpoints.jobEnded();
    } else throw Bug.of("unknown report %s", report);
  }

  private void agentDied(AgentLink link, String how) {
    boolean current = agent.forget(link);
    if (current) ServerLog.say("agent died: " + how);
    orphans.lostTrack();
    executions.died(link, how);
    if (current && makefiles.reads()) makefiles.lost(how);
  }

  private ServerSite site() {
    return site;
  }

  private void useless() {
    lifetime.ask();
  }

  private void adopt(RuleBook book) {
    engine.setRules(book);
    agent.adopt(book);
    executions.adopt(new LaunchSite(places, book));
  }

  private void commit() {
    if (readOnly) return;
    site.commit();
    checkpoints.committed();
  }

  private void carryOut(List<Action> actions) {
    boolean reserved = false;
    for (Action action : actions) {
      if (action instanceof Action.Start start) reserved |= attempts.reserve(start.attempt());
    }
    if (reserved) commit();
    actions.forEach(this::carryOut);
    executions.launch();
  }

  private void carryOut(Action action) {
    if (action instanceof Action.Check a) disks.check(a.node(), graph.name(a.node()), a.knownSig());
    else if (action instanceof Action.Remove a) disks.remove(a.node(), graph.name(a.node()), a.how(), a.knownSig());
    else if (action instanceof Action.Tidy a) disk.removeEmptyDirs(a.dirs().stream().map(graph::name).toList());
    else if (action instanceof Action.Start a) executions.start(a);
    else if (action instanceof Action.Kill a) executions.kill(a);
    else if (action instanceof Action.Answer a) executions.answer(a);
    else if (action instanceof Action.SayJob a) reqs.say(a);
    else if (action instanceof Action.SayNode a) reqs.say(a);
    else if (action instanceof Action.ReqDone a) {
      reqs.done(a);
      lifetime.consider();
    } else throw Bug.of("unknown action %s", action);
  }

  private void tick(long now) {
    agent.sendOn(lib);
    executions.tick();
    reqs.tick(now);
    if (!readOnly && !marker.intact()) {
      ServerLog.say(Places.MARKER + " was removed or changed: leaving");
      loop.stop();
    }
    lifetime.consider();
  }

  /** Jobs of a command that was killed may outlive it a little. */
  private boolean builds() {
    return reqs.any() || executions.any();
  }

  private boolean works() {
    return builds() || makefiles.reads();
  }
}

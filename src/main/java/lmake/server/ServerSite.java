package lmake.server;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import lmake.base.UserError;
import lmake.command.Session;
import lmake.command.Site;
import lmake.engine.Engine;
import lmake.engine.ReqOptions;
import lmake.graph.Graph;
import lmake.graph.RunRecord;
import lmake.rules.RuleBook;
import lmake.store.Store;

/** The server as commands see it. Engine's thread. */
final class ServerSite implements Site {
  private final Places places;
  private final Store store;
  private final Graph graph;
  private final Engine engine;
  private final MakefileReader makefiles;
  private final Reqs reqs;
  private final Executions executions;
  private final Lifetime lifetime;
  private final Tree tree;

  ServerSite(
      Places places,
      Store store,
      Graph graph,
      Engine engine,
      MakefileReader makefiles,
      Reqs reqs,
      Executions executions,
      Lifetime lifetime,
      Tree tree) {
    this.places = places;
    this.store = store;
    this.graph = graph;
    this.engine = engine;
    this.makefiles = makefiles;
    this.reqs = reqs;
    this.executions = executions;
    this.lifetime = lifetime;
    this.tree = tree;
  }

  @Override
  public Graph graph() {
    return graph;
  }

  @Override
  public Optional<RuleBook> rules() {
    return makefiles.book();
  }

  @Override
  public Optional<RunRecord> run(int job) {
    return store.run(job);
  }

  @Override
  public List<RunningJob> running() {
    Set<Integer> queued = new HashSet<>(executions.queued());
    List<RunningJob> jobs = new ArrayList<>();
    engine.forEachActive(
        (job, parents) -> jobs.add(new RunningJob(job, 'W', parents)),
        (job, parents) -> jobs.add(new RunningJob(job, queued.contains(job) ? 'Q' : 'R', parents)));
    return jobs;
  }

  @Override
  public void refresh(Session session, Runnable then) {
    makefiles.refresh(session, then);
  }

  @Override
  public int openReq(
      Session session,
      List<Integer> targets,
      List<Integer> jobs,
      ReqOptions options,
      Pace pace,
      ReqListener listener) {
    return reqs.open(session, targets, jobs, options, pace, listener);
  }

  @Override
  public Progress progress(int req) {
    return executions.progress(req);
  }

  @Override
  public boolean exists(String name) {
    try {
      return Files.exists(Path.of(name), LinkOption.NOFOLLOW_LINKS);
    } catch (InvalidPathException e) {
      return false; // a name no file can have in the encoding of this host
    }
  }

  @Override
  public long now() {
    return Dates.now();
  }

  @Override
  public boolean busy() {
    return reqs.any();
  }

  @Override
  public boolean wants(int req, int job) {
    return engine.wants(req, job);
  }

  @Override
  public boolean runs(int job) {
    return engine.runs(job);
  }

  @Override
  public void marked() {
    makefiles.marked();
  }

  @Override
  public Tree tree() {
    return tree;
  }

  @Override
  public void commit() {
    try {
      store.commit(graph);
    } catch (UserError e) {
      throw new CannotGoOn(e);
    }
  }

  @Override
  public String root() {
    return places.root();
  }

  @Override
  public String installDir() {
    return places.installDir();
  }

  @Override
  public void shutdown() {
    lifetime.ask();
  }
}

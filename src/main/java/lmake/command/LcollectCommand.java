package lmake.command;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import lmake.base.Crc;
import lmake.base.ExitCode;
import lmake.base.UserError;
import lmake.graph.Graph;
import lmake.graph.JobStatus;
import lmake.graph.TargetVector;
import lmake.report.Jobs;
import lmake.report.Line;
import lmake.report.Place;
import lmake.rules.Manifest;
import lmake.rules.Rule;
import lmake.rules.RuleBook;

/**
 * {@code lcollect}: removes from dirs what is neither the user's nor of a job of today. What lmake made and nobody
 * touched is unlinked, all else goes to quarantine; no link is followed. The disk is walked on the engine's thread, with
 * nothing being built: a file that a job is about to account for would look like nobody's.
 */
final class LcollectCommand implements Command {
  private final ToolSpec spec =
      new ToolSpec("lcollect", "[dir or file ...]")
          .commonWithoutJob()
          .flag("-n", "--dry-run", "tell what would be done, do nothing");

  @Override
  public ToolSpec spec() {
    return spec;
  }

  @Override
  public void run(Context context) throws UserError {
    Site site = context.site();
    context.startupLine();
    checkIdle(site);
    site.refresh(context.session(), () -> Commands.attempt(site, context.session(), this, () -> collect(context)));
  }

  private static void checkIdle(Site site) throws UserError {
    if (site.busy()) throw new UserError(ExitCode.STEADY_REPO, "cannot collect while jobs are running");
  }

  private static void collect(Context context) throws UserError {
    checkIdle(context.site());
    Walk walk = new Walk(context, context.book());
    Set<String> names = new HashSet<>();
    List<String> roots = new ArrayList<>();
    for (String argument : context.options().operands()) {
      String name = root(context, argument);
      if (names.add(name)) roots.add(name);
    }
    for (String name : roots) walk.root(name);
    if (walk.changed) context.site().commit();
    context.session().exit(ExitCode.OK);
  }

  private static String root(Context context, String argument) throws UserError {
    Place place = context.place();
    String name = place.fromRoot(place.absolute(argument));
    if (name.equals("..") || name.startsWith("../")) {
      throw new UserError(ExitCode.FAIL, "file is outside repo : " + argument);
    }
    if (context.site().tree().kind(name) == Site.Kind.BEHIND_LINK) {
      throw new UserError(ExitCode.FAIL, "file is behind a link : " + argument);
    }
    return name;
  }

  /** One collection. */
  private static final class Walk {
    private final Context context;
    private final Graph graph;
    private final RuleBook book;
    private final Jobs jobs;
    private final Site.Tree tree;
    private final Set<Integer> frozen = new HashSet<>();
    private final boolean dry;
    private boolean changed;

    Walk(Context context, RuleBook book) {
      this.context = context;
      this.book = book;
      graph = context.site().graph();
      jobs = new Jobs(graph, book);
      tree = context.site().tree();
      dry = context.options().has("--dry-run");
      for (int job : graph.frozenJobs()) {
        TargetVector targets = graph.targets(job);
        for (int i = 0; i < targets.size(); i++) frozen.add(targets.node(i));
      }
    }

    void root(String name) {
      switch (tree.kind(name)) {
        case DIR -> entry(name, Site.Kind.DIR, new ArrayList<>());
        case FILE -> {
          if (!ours(name)) files(List.of(name));
        }
        default -> {}
      }
    }

    /** True when something is left in the dir. */
    private boolean dir(String dir) {
      List<String> files = new ArrayList<>();
      boolean kept = false;
      for (Site.Entry entry : tree.list(dir)) {
        kept |= entry(dir.isEmpty() ? entry.name() : dir + "/" + entry.name(), entry.kind(), files);
      }
      kept |= files(files);
      if (kept || dir.isEmpty() || dir.equals(context.place().dir())) return true;
      print("rmdir ", dir);
      return !dry && !tree.rmdir(dir);
    }

    /** True when it stays; files are put off. */
    private boolean entry(String name, Site.Kind kind, List<String> files) {
      if (ours(name)) return true;
      if (kind == Site.Kind.FILE) {
        files.add(name);
        return false;
      }
      if (kind != Site.Kind.DIR) return true;
      Optional<String> key = book.config().collectIgnores(name);
      if (key.isPresent()) {
        if (context.options().has("--verbose")) print("prune " + key.get() + " : ", name);
        return true;
      }
      return book.manifest().dirs().contains(name + "/") || dir(name);
    }

    /** What is not for lmake to clean, wherever one says so. */
    private static boolean ours(String name) {
      return name.equals("LMAKE") || name.startsWith("LMAKE/") || name.equals(".git") || name.endsWith("/.git")
          || name.startsWith(".git/");
    }

    private boolean files(List<String> names) {
      List<String> doubtful = new ArrayList<>();
      boolean kept = false;
      for (String name : names) {
        if (keeps(name)) kept = true;
        else doubtful.add(name);
      }
      long[] sigs = new long[doubtful.size()];
      for (int i = 0; i < sigs.length; i++) {
        int node = graph.findNode(doubtful.get(i));
        sigs[i] = node == 0 || graph.has(node, Graph.HOT) ? 0 : graph.sig(node);
      }
      List<Site.Content> contents = tree.look(doubtful, sigs);
      for (int i = 0; i < sigs.length; i++) kept |= judge(doubtful.get(i), contents.get(i));
      return kept;
    }

    private boolean keeps(String name) {
      Manifest manifest = book.manifest();
      if (jobs.isSource(name) || manifest.inSourceDir(name) || frozen.contains(graph.findNode(name))) return true;
      Optional<String> key = book.config().collectIgnores(name);
      if (key.isPresent() && context.options().has("--verbose")) print("ignore " + key.get() + " : ", name);
      return key.isPresent();
    }

    /** True when the file stays. */
    private boolean judge(String name, Site.Content content) {
      int node = graph.findNode(name);
      int job = node == 0 ? 0 : graph.writer(node);
      boolean ours = job != 0 && untouched(node, content);
      Optional<Rule> rule = ours ? jobs.rule(job) : Optional.empty();
      boolean current = rule.isPresent() && rule.get().cmdCrc() == graph.cmdCrc(job);
      if (current && graph.status(job) == JobStatus.OK && graph.targets(job).find(node) >= 0) return true;
      boolean unlink = ours && !current;
      print(unlink ? "rm " : "quarantine ", name);
      if (dry) return false;
      boolean gone = unlink ? tree.unlink(name, content.sig()) : tree.quarantine(name);
      if (gone && node != 0) forget(node);
      return !gone;
    }

    private boolean untouched(int node, Site.Content content) {
      if (graph.has(node, Graph.BUSY) || !Crc.known(graph.crc(node)) || content.sig() != graph.sig(node)) return false;
      return !graph.has(node, Graph.HOT) || content.crc() == graph.crc(node);
    }

    private void forget(int node) {
      graph.setContent(node, Crc.NONE, 0);
      graph.setWriter(node, 0);
      graph.setFlag(node, Graph.POLLUTED | Graph.BUSY | Graph.HOT, false);
      changed = true;
    }

    private void print(String what, String name) {
      context.plain().print(Line.of(what).name(name));
    }
  }
}

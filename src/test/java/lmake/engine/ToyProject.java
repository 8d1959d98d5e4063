package lmake.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import lmake.base.Bug;
import lmake.base.UserError;
import lmake.rules.RuleBook;
import lmake.rules.RuleSketch;

/**
 * A project of a few rules, written down by a test, on a fake disk, with a server once it is asked for.
 *
 * @param <R> how the test says what a job does
 * @param <T> the project itself
 */
abstract class ToyProject<R, T extends ToyProject<R, T>> implements SimProject {
  final Map<String, RuleSketch> rules = new LinkedHashMap<>();
  final Map<String, R> recipes = new LinkedHashMap<>();
  final List<String> sources = new ArrayList<>();
  private final RuleSketch.Ids ids = new RuleSketch.Ids();
  final SimDisk disk = new SimDisk();
  SimServer server; // null before the first build
  int cpus; // what jobs that ask for cpu have among them; 0 for no limit

  /** Whether the last command ended well. */
  boolean ok;

  abstract T self();

  T rule(RuleSketch sketch, String name, R recipe) {
    rules.put(name, sketch);
    recipes.put(name, recipe);
    return self();
  }

  T source(String name, String content) {
    sources.add(name);
    disk.write(name, content);
    return self();
  }

  /** A source that is a link. */
  T link(String name, String text) {
    sources.add(name);
    disk.write(name, text, Event.FileKind.LINK);
    return self();
  }

  /** What the job of a rule does. */
  R recipe(String rule) {
    return recipes.get(rule);
  }

  @Override
  public RuleBook book() {
    List<String> digest = RuleSketch.digest(List.copyOf(rules.values()), sources);
    String backends = "\"backends\":{\"local\":{\"cpu\":" + cpus + "}}";
    if (cpus > 0) digest.set(1, "{\"kind\":\"config\",\"path_max\":200," + backends + "}");
    try {
      return RuleBook.parse(digest, ids, (code, text, vars) -> null);
    } catch (UserError e) {
      throw Bug.of("%s", e.getMessage());
    }
  }

  SimServer server() {
    if (server == null) server = new SimServer(this, disk, new Random(1), 0);
    return server;
  }

  /** A command, to its end. */
  void run(ReqOptions options, String... targets) {
    int req = server().open(List.of(targets), options);
    server.run(req);
    ok = server.done.get(req).ok();
  }
}

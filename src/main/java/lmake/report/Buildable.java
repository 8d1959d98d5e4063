package lmake.report;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import lmake.rules.Candidate;
import lmake.rules.Manifest;
import lmake.rules.Rule;
import lmake.rules.RuleBook;
import lmake.rules.StaticDep;

/**
 * Whether the rules could ever make a file. The engine knows better, but says only that it cannot: this is for
 * explanations, worked out when one is due. One use, engine's thread.
 */
public final class Buildable {
  private final RuleBook book;
  private final Disk disk;
  private final Map<String, Boolean> known = new HashMap<>();
  private int depth;

  public Buildable(RuleBook book, Disk disk) {
    this.book = book;
    this.disk = disk;
  }

  public boolean can(String name) {
    Boolean answer = known.get(name);
    if (answer != null) return answer;
    if (depth > book.config().maxDepDepth()) return false;
    known.put(name, true); // a file that needs itself is a cycle, found and told elsewhere
    depth++;
    boolean can = analyse(name);
    depth--;
    known.put(name, can);
    return can;
  }

  /** The nearest dir of a name that is itself a file to build or a source, empty when there is none. */
  public Optional<String> uphill(String name) {
    for (int slash = name.lastIndexOf('/'); slash > 0; slash = name.lastIndexOf('/', slash - 1)) {
      String dir = name.substring(0, slash);
      if (book.manifest().isSource(dir) || can(dir)) return Optional.of(dir);
    }
    return Optional.empty();
  }

  private boolean analyse(String name) {
    Manifest manifest = book.manifest();
    if (Printable.bytes(name).length > book.config().pathMax()) return false;
    if (manifest.isSource(name)) return true;
    if (manifest.inSourceDir(name)) return disk.has(name);
    if (manifest.leadsToSource(name) || manifest.belowSource(name) || name.startsWith("/")) return false;
    for (Candidate candidate : book.candidates(name)) {
      Rule.Special special = candidate.rule().special();
      if (special != Rule.Special.PLAIN) return special == Rule.Special.SOURCE;
      Optional<List<StaticDep>> deps = candidate.rule().staticDeps(candidate.stems());
      if (deps.isPresent() && deps.get().stream().allMatch(dep -> can(dep.name()))) return uphill(name).isEmpty();
    }
    return false;
  }
}

package lmake.report;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import lmake.rules.Candidate;
import lmake.rules.Rule;
import lmake.rules.RuleBook;
import lmake.rules.StaticDep;

/** Why a file cannot be built: which rules match, and what each of them lacks. One use per file; engine's thread. */
public final class NoRule {
  private static final int LINES_OF_AN_END = 8;

  private final RuleBook book;
  private final Disk disk;
  private final Buildable buildable;
  private final Set<String> told = new HashSet<>();
  private final List<Line> lines = new ArrayList<>();

  public NoRule(RuleBook book, Disk disk) {
    this.book = book;
    this.disk = disk;
    this.buildable = new Buildable(book, disk);
  }

  public List<Line> explain(String name) {
    explain(name, 0);
    if (lines.size() <= 2 * LINES_OF_AN_END) return lines;
    // Deps that need each other without end: how it begins and where it stops are all there is to know.
    List<Line> ends = new ArrayList<>(lines.subList(0, LINES_OF_AN_END));
    ends.add(at(LINES_OF_AN_END).text("...").in(Color.NOTE));
    ends.addAll(lines.subList(lines.size() - LINES_OF_AN_END, lines.size()));
    return ends;
  }

  private void explain(String name, int depth) {
    if (!told.add(name)) return;
    int length = Printable.bytes(name).length;
    if (length > book.config().pathMax()) {
      lines.add(at(depth).text("name is too long : ").name(name).in(Color.ERR));
      note(depth + 1, "consider : lmake.config.path_max = " + length + " or more");
      return;
    }
    List<Candidate> candidates = book.candidates(name);
    Optional<String> uphill = buildable.uphill(name);
    boolean match = !candidates.isEmpty() || uphill.isPresent();
    lines.add(at(depth).text(match ? "no rule for " : "no rule match ").name(name).in(Color.ERR));
    if (uphill.isEmpty() && disk.has(name) && !disk.hasDir(name)) {
      lines.add(at(depth + 1).text("consider : git add ").quoted(name).in(Color.NOTE));
    }
    if (uphill.isPresent()) {
      String what = book.manifest().isSource(uphill.get()) ? "dir is a source : " : "dir is buildable : ";
      lines.add(at(depth + 1).text(what).name(uphill.get()).in(Color.NOTE));
      return;
    }
    Set<String> missing = new HashSet<>();
    for (Candidate candidate : candidates) {
      candidate(candidate, depth + 1, missing);
      // What comes after it has no say.
      if (candidate.rule().special() == Rule.Special.ANTI) break;
    }
    // With several rules, which one the user had in mind cannot be told: going deeper would bury the answer.
    if (missing.size() != 1) return;
    int most = book.config().maxDepDepth();
    if (told.size() <= most) {
      explain(missing.iterator().next(), depth + 2);
    } else {
      note(depth + 2, "more than " + most + " static deps in a row, which seem to have no end");
      note(depth + 3, "consider : lmake.config.max_dep_depth = " + 2 * most);
    }
  }

  private void candidate(Candidate candidate, int depth, Set<String> missing) {
    Rule rule = candidate.rule();
    if (rule.special() == Rule.Special.ANTI) {
      note(depth, "anti-rule " + rule.name() + " matches");
      return;
    }
    Optional<List<StaticDep>> deps = rule.staticDeps(candidate.stems());
    if (deps.isEmpty()) {
      boolean misnamed = rule.misnamed(candidate.stems()).isPresent();
      note(depth, "rule " + rule.name() + (misnamed ? " has a non-canonical name :" : " cannot compute its deps :"));
      for (String why : rule.whyNoDeps(candidate.stems())) {
        for (String line : why.split("\n")) note(depth + 1, line);
      }
      return;
    }
    for (StaticDep dep : deps.get()) {
      if (buildable.can(dep.name())) continue;
      String remark = disk.hasDir(dep.name()) ? " (dir)" : disk.has(dep.name()) ? " (existing)" : "";
      lines.add(
          at(depth).text("rule " + rule.name() + " misses static dep " + dep.key() + " : ").name(dep.name())
              .text(remark).in(Color.NOTE));
      missing.add(dep.name());
      return;
    }
    note(depth, "rule " + rule.name() + " does not produce it");
  }

  /** What is left out in the middle of long explanations is left out of their indentation too. */
  private static Line at(int depth) {
    return Line.at(Math.min(depth, LINES_OF_AN_END));
  }

  private void note(int depth, String text) {
    lines.add(at(depth).text(text).in(Color.NOTE));
  }
}

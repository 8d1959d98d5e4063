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
    return lines;
  }

  private void explain(String name, int depth) {
    if (!told.add(name)) return;
    int length = Printable.bytes(name).length;
    if (length > book.config().pathMax()) {
      lines.add(Line.at(depth).text("name is too long : ").name(name).in(Color.ERR));
      note(depth + 1, "consider : lmake.config.path_max = " + length + " or more");
      return;
    }
    List<Candidate> candidates = book.candidates(name);
    Optional<String> uphill = buildable.uphill(name);
    boolean match = !candidates.isEmpty() || uphill.isPresent();
    lines.add(Line.at(depth).text(match ? "no rule for " : "no rule match ").name(name).in(Color.ERR));
    if (disk.has(name) && !disk.hasDir(name)) {
      lines.add(Line.at(depth + 1).text("consider : git add ").quoted(name).in(Color.NOTE));
    }
    if (uphill.isPresent()) {
      String what = book.manifest().isSource(uphill.get()) ? "dir is a source : " : "dir is buildable : ";
      lines.add(Line.at(depth + 1).text(what).name(uphill.get()).in(Color.NOTE));
      return;
    }
    Set<String> missing = new HashSet<>();
    for (Candidate candidate : candidates) {
      candidate(candidate, depth + 1, missing);
      // What comes after it has no say.
      if (candidate.rule().special() == Rule.Special.ANTI) break;
    }
    // With several rules, which one the user had in mind cannot be told: going deeper would bury the answer.
    if (missing.size() == 1) explain(missing.iterator().next(), depth + 2);
  }

  private void candidate(Candidate candidate, int depth, Set<String> missing) {
    Rule rule = candidate.rule();
    if (rule.special() == Rule.Special.ANTI) {
      note(depth, "anti-rule " + rule.name() + " matches");
      return;
    }
    Optional<List<StaticDep>> deps = rule.staticDeps(candidate.stems());
    if (deps.isEmpty()) {
      note(depth, "rule " + rule.name() + " cannot compute its deps :");
      for (String why : rule.whyNoDeps(candidate.stems())) note(depth + 1, why);
      return;
    }
    for (StaticDep dep : deps.get()) {
      if (buildable.can(dep.name())) continue;
      String remark = disk.hasDir(dep.name()) ? " (dir)" : disk.has(dep.name()) ? " (existing)" : "";
      lines.add(
          Line.at(depth).text("rule " + rule.name() + " misses static dep " + dep.key() + " : ").name(dep.name())
              .text(remark).in(Color.NOTE));
      missing.add(dep.name());
      return;
    }
    note(depth, "rule " + rule.name() + " does not produce it");
  }

  private void note(int depth, String text) {
    lines.add(Line.at(depth).text(text).in(Color.NOTE));
  }
}

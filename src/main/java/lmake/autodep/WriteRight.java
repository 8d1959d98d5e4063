package lmake.autodep;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import lmake.graph.TargetFlags;
import lmake.rules.Candidate;
import lmake.rules.Manifest;
import lmake.rules.Rule;
import lmake.rules.RuleBook;

/** Which names no job may write, whatever it declares: sources and what is in their way, anti-rules, names too long. */
final class WriteRight {
  private final RuleBook rules;
  private final Manifest manifest;
  private final boolean sourceOk;

  WriteRight(RuleBook rules, boolean sourceOk) {
    this.rules = rules;
    this.manifest = rules.manifest();
    this.sourceOk = sourceOk;
  }

  /** Why this write is an error, with what to do about it; empty when it is none. */
  List<String> complaint(Touched file) {
    String name = file.name();
    int longest = rules.config().pathMax();
    // In bytes, of which a character has three at most.
    if (3 * name.length() > longest && name.getBytes(StandardCharsets.UTF_8).length > longest) {
      return List.of("name of target is too long : " + name, "  consider : lmake.config.path_max above " + longest);
    }
    if (source(name)) {
      if (sourceOk || file.target(TargetFlags.SOURCE_OK)) return List.of();
      return List.of("unexpected write to source : " + name, "  consider : flag source_ok, or lmake -s");
    }
    if (manifest.inSourceDir(name)) return List.of("unexpected write to source sub-dir : " + name);
    if (manifest.leadsToSource(name)) return List.of("unexpected write to dir of source : " + name);
    if (manifest.belowSource(name)) return List.of("unexpected write below source : " + name);
    return special(name)
        .filter(rule -> rule.special() == Rule.Special.ANTI)
        .map(rule -> List.of("unexpected write to anti-target : " + name, "  anti-rule is " + rule.name()))
        .orElse(List.of());
  }

  /** The manifest or a source rule says it is one. */
  boolean source(String name) {
    return manifest.isSource(name) || special(name).filter(rule -> rule.special() == Rule.Special.SOURCE).isPresent();
  }

  /** The anti or source rule that decides, if any: they come before plain ones. */
  private Optional<Rule> special(String name) {
    List<Candidate> candidates = rules.candidates(name);
    if (candidates.isEmpty() || candidates.get(0).rule().special() == Rule.Special.PLAIN) return Optional.empty();
    return Optional.of(candidates.get(0).rule());
  }
}

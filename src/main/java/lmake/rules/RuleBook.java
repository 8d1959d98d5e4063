package lmake.rules;

import java.util.List;
import java.util.Optional;
import lmake.base.Bug;
import lmake.base.UserError;

/** All that the makefiles said: rules, manifest, config. Immutable; matching is by (prefix, suffix) index, then by pattern. */
public final class RuleBook {
  /** From the lines of a digest (src/doc/digest.md). */
  public static RuleBook parse(List<String> digest, RuleIds ids, Evaluator evaluator) throws UserError {
    throw Bug.of("skeleton");
  }

  public List<Rule> rules() {
    throw Bug.of("skeleton");
  }

  /** Empty when no rule has this lasting id any more. */
  public Optional<Rule> rule(int id) {
    throw Bug.of("skeleton");
  }

  public Manifest manifest() {
    throw Bug.of("skeleton");
  }

  public Config config() {
    throw Bug.of("skeleton");
  }

  /**
   * Rules that could make this file: anti and source rules first, then plain ones by decreasing prio; each rule once, with the
   * first of its targets that matches.
   */
  public List<Candidate> candidates(String name) {
    throw Bug.of("skeleton");
  }

  /** Changes when what {@link #candidates} or the manifest say may have changed: set of rules, prios, sources, path_max. */
  public long matchDigest() {
    throw Bug.of("skeleton");
  }
}

package lmake.server;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import lmake.base.ExitCode;
import lmake.base.UserError;
import lmake.rules.Config;
import lmake.rules.Manifest;
import lmake.rules.Rule;
import lmake.rules.RuleBook;

/**
 * Whether what the makefiles now say can take the place of what they said, while commands go on with the latter. Pure.
 */
final class Reload {
  /** Of the config, what is for others than this version to heed, and yet not to be changed while commands run. */
  private static final List<String> STATIC = List.of("heartbeat", "heartbeat_tick");

  private Reload() {}

  /**
   * The mistake of who changed the makefiles; empty when there is none.
   *
   * @param busy commands are running
   * @param fresh nothing was ever built in the repo
   */
  static Optional<UserError> refusal(RuleBook old, RuleBook now, boolean busy, boolean fresh) {
    if (!fresh && old.config().linkSupport() != now.config().linkSupport()) {
      return error(ExitCode.CLEAN_REPO, "cannot update config : repo must be clean\n  consider : git clean -ffdx");
    }
    Optional<String> dir = fresh ? Optional.empty() : sourceDirs(old.manifest(), now.manifest());
    if (dir.isPresent()) return error(ExitCode.BAD_STATE, dir.get());
    if (!busy) return Optional.empty();
    if (!steady(old.config(), now.config())) {
      return error(ExitCode.STEADY_REPO, "cannot update config : repo must be steady");
    }
    Optional<String> change = sources(old.manifest(), now.manifest()).or(() -> rules(old, now));
    return change.flatMap(what -> error(ExitCode.BAD_STATE, what));
  }

  private static boolean steady(Config old, Config now) {
    for (String name : STATIC) if (!Objects.equals(old.fields().get(name), now.fields().get(name))) return false;
    return old.pathMax() == now.pathMax()
        && old.maxDepDepth() == now.maxDepDepth()
        && old.datePrecisionNs() == now.datePrecisionNs()
        && old.networkDelayNs() == now.networkDelayNs();
  }

  /** What lies below them was judged one by one, present or not: these judgements do not change. */
  private static Optional<String> sourceDirs(Manifest old, Manifest now) {
    return first(now.dirs(), old.dirs())
        .map(dir -> "new source dir " + dir)
        .or(() -> first(old.dirs(), now.dirs()).map(dir -> "removed source dir " + dir))
        .map(what -> "cannot update sources : " + what + "\n  repo must be clean\n  consider : git clean -ffdx");
  }

  private static Optional<String> sources(Manifest old, Manifest now) {
    Optional<String> added = first(now.files(), old.files());
    if (added.isPresent()) return Optional.of("cannot dynamically update sources : new source " + added.get());
    return first(old.files(), now.files())
        .map(name -> "cannot dynamically update sources : removed source " + name);
  }

  private static Optional<String> first(SortedSet<String> in, SortedSet<String> without) {
    SortedSet<String> rest = new TreeSet<>(in);
    rest.removeAll(without);
    return rest.isEmpty() ? Optional.empty() : Optional.of(rest.first());
  }

  private static Optional<String> rules(RuleBook old, RuleBook now) {
    for (Rule rule : now.rules()) {
      Optional<Rule> before = old.rule(rule.id());
      if (before.isEmpty()) return refused("new rule " + rule.name());
      if (before.get().cmdCrc() != rule.cmdCrc()) return refused("rule " + rule.name() + " has another command");
      if (before.get().rsrcCrc() != rule.rsrcCrc()) return refused("rule " + rule.name() + " has other resources");
    }
    for (Rule rule : old.rules()) if (now.rule(rule.id()).isEmpty()) return refused("removed rule " + rule.name());
    return old.matchDigest() == now.matchDigest() ? Optional.empty() : refused("rules are matched in another order");
  }

  private static Optional<String> refused(String why) {
    return Optional.of("cannot dynamically update rules : " + why);
  }

  private static Optional<UserError> error(ExitCode code, String message) {
    return Optional.of(new UserError(code, message));
  }
}

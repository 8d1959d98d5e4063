package lmake.rules;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import lmake.base.Bug;
import lmake.rules.Evaluator.EvalError;

/**
 * The names a value of a rule may use, for one job: stems, keys of targets, side targets and side deps, then those of deps and
 * resources as far as they are known, then the dicts that hold them all.
 *
 * @param evaluation is told what values look at; without one, values may look at nothing
 * @param part what the next values are good for
 */
record Scope(
    Rule rule,
    String[] stems,
    Optional<Map<String, String>> deps,
    Optional<Map<String, String>> resources,
    Optional<Evaluation> evaluation,
    Evaluation.Part part) {
  /** What is known of a job before anything was evaluated. */
  static Scope of(Rule rule, String[] stems) {
    return new Scope(rule, stems, Optional.empty(), Optional.empty(), Optional.empty(), Evaluation.Part.CMD);
  }

  Scope withDeps(Map<String, String> known) {
    return new Scope(rule, stems, Optional.of(known), resources, evaluation, part);
  }

  Scope withResources(Map<String, String> known) {
    return new Scope(rule, stems, deps, Optional.of(known), evaluation, part);
  }

  Scope telling(Evaluation told) {
    return new Scope(rule, stems, deps, resources, Optional.of(told), part);
  }

  /** The same for values of that part. */
  Scope as(Evaluation.Part other) {
    return other == part ? this : new Scope(rule, stems, deps, resources, evaluation, other);
  }

  /** Files that a value was computed from. */
  void note(Set<String> looks) throws EvalError {
    if (looks.isEmpty()) return;
    if (evaluation.isPresent()) {
      for (String name : looks) evaluation.get().look(name, part);
      return;
    }
    // Which job makes a file must be known without any file.
    for (String name : looks) {
      if (name.startsWith("/")) continue;
      throw new EvalError("unexpected access of " + name + "\n  consider : reading it in cmd, or when Lmakefile.py is read");
    }
  }

  /** A value that nothing depends on cannot be computed: its default is taken. */
  void complain(String attribute, EvalError error) {
    evaluation.ifPresent(told -> told.complain(attribute, error));
  }

  /** Text for a template. */
  String text(String name) {
    return Python.str(find(name).orElseThrow(() -> Bug.of("digest: rule %s knows no %s", rule.name(), name)));
  }

  /** String or Map; the regular expression for a star target; empty when there is no such name. */
  Optional<Object> find(String name) {
    int stem = rule.stemTable().staticNames().indexOf(name);
    if (stem >= 0) return Optional.of(stems[stem]);
    TargetEntry entry = rule.entry(name);
    if (entry != null) return Optional.of(entry.star() ? StarValue.regex(entry, rule.stemTable(), stems) : entry.name(stems));
    String dep = deps.map(known -> known.get(name)).orElse(null);
    if (dep != null) return Optional.of(dep);
    String resource = resources.map(known -> known.get(name)).orElse(null);
    if (resource != null) return Optional.of(resource);
    return aggregate(name);
  }

  private Optional<Object> aggregate(String name) {
    return switch (name) {
      case "job_name" -> Optional.of(rule.jobName(stems));
      case "stems" -> Optional.of(stemMap());
      case "targets" -> Optional.of(targetMap());
      case "deps" -> deps.map(known -> known);
      case "resources" -> resources.map(known -> known);
      default -> Optional.empty();
    };
  }

  private Map<String, String> stemMap() {
    Map<String, String> map = new LinkedHashMap<>();
    for (int i = 0; i < stems.length; i++) map.put(rule.stemTable().name(i), stems[i]);
    return map;
  }

  private Map<String, String> targetMap() {
    Map<String, String> map = new LinkedHashMap<>();
    for (TargetEntry target : rule.targets()) if (!target.star()) map.put(target.key(), target.name(stems));
    return map;
  }
}

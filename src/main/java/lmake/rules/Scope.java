package lmake.rules;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import lmake.base.Bug;

/**
 * The names a value of a rule may use, for one job: stems, keys of targets, side targets and side deps, then those of deps and
 * resources as far as they are known, then the dicts that hold them all.
 */
record Scope(Rule rule, String[] stems, Optional<Map<String, String>> deps, Optional<Map<String, String>> resources) {
  /** What is known of a job before anything was evaluated. */
  static Scope of(Rule rule, String[] stems) {
    return new Scope(rule, stems, Optional.empty(), Optional.empty());
  }

  Scope withDeps(Map<String, String> known) {
    return new Scope(rule, stems, Optional.of(known), resources);
  }

  Scope withResources(Map<String, String> known) {
    return new Scope(rule, stems, deps, Optional.of(known));
  }

  /** What is known tells when it is. */
  Evaluator.Moment moment() {
    if (deps.isEmpty()) return Evaluator.Moment.NAMING;
    return resources.isEmpty() ? Evaluator.Moment.SUBMISSION : Evaluator.Moment.START;
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

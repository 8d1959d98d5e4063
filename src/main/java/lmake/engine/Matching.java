package lmake.engine;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import lmake.base.Bug;
import lmake.base.Crc;
import lmake.engine.Match.Buildable;
import lmake.engine.Match.Kind;
import lmake.graph.Accesses;
import lmake.graph.DepFlags;
import lmake.graph.DepVector;
import lmake.graph.Graph;
import lmake.graph.TargetFlags;
import lmake.graph.TargetVector;
import lmake.rules.Candidate;
import lmake.rules.Manifest;
import lmake.rules.Rule;
import lmake.rules.RuleBook;
import lmake.rules.StaticDep;
import lmake.rules.TargetEntry;

/**
 * Which jobs could make a node: the three-way answer, worked out when first asked and kept until the rules change. It depends
 * on rules, manifest and config alone, never on contents.
 */
final class Matching {
  private final Graph graph;
  private final RuleBook book;
  private Match[] matches = new Match[1024];
  private JobFacts[] facts = new JobFacts[256];
  // By node: what uphill() answers, minus one for none, 0 when not worked out.
  private int[] uphills = new int[1024];
  /** Rules that match but whose static deps cannot be computed: they step aside. By node, few if any. */
  private final Map<Integer, List<Candidate>> aside = new HashMap<>();
  // Answers that the limit of depth had a part in, with the depth they were worked out at: nearer, another may be found.
  private final Map<Integer, Integer> cutAt = new HashMap<>();
  private int cuts;

  Matching(Graph graph, RuleBook book) {
    this.graph = graph;
    this.book = book;
  }

  RuleBook book() {
    return book;
  }

  Match of(int node) {
    return of(node, 0);
  }

  /**
   * The nearest dir of the node that may itself be a file, and so a link that leads elsewhere: a source, or what some job may
   * make; 0 when there is none.
   */
  int uphill(int node) {
    if (node < uphills.length && uphills[node] != 0) return Math.max(uphills[node], 0);
    int dir = graph.parent(node);
    int answer =
        dir == 0
            ? 0
            : switch (of(dir).kind()) {
              case PLAIN, SOURCE, IN_SOURCE_DIR -> dir;
              case LEADS_TO_SOURCE, EXTERNAL -> 0; // nor are its own dirs anything but dirs
              default -> uphill(dir);
            };
    if (node >= uphills.length) uphills = Arrays.copyOf(uphills, Math.max(node + 1, 2 * uphills.length));
    uphills[node] = answer == 0 ? -1 : answer;
    return answer;
  }

  /** Rules that were passed over for a node that was asked for, by what they say of its static deps. */
  List<Candidate> aside(int node) {
    return aside.getOrDefault(node, List.of());
  }

  /** Whether the job is one of those that could make the node. */
  boolean makes(int job, int node) {
    for (int maker : of(node).jobs()) if (maker == job) return true;
    return false;
  }

  /** Whether a job may make the node, and another one only if this one does not. */
  boolean goesBefore(int job, int other, int node) {
    Match match = of(node);
    for (int group = 0; group < match.groups(); group++) {
      boolean first = false;
      for (int i = match.groupStart(group); i < match.groupEnds()[group]; i++) {
        if (match.jobs()[i] == other) return false;
        first |= match.jobs()[i] == job;
      }
      if (first) return true;
    }
    return false;
  }

  /**
   * Whether the job makes a file of one of the dirs of the node, for sure or as it did when it last ran: it finds nothing there
   * and is not to wait for itself.
   */
  boolean belowOwnTarget(int job, int node) {
    for (int dir = uphill(node); dir != 0; dir = uphill(dir)) {
      if (makes(job, dir) && (surely(job, dir) || made(job, dir))) return true;
    }
    return false;
  }

  /** Whether the job might have made a file of one of the dirs of the node, as far as its rule tells. */
  boolean belowPossibleTarget(int job, int node) {
    for (int dir = uphill(node); dir != 0; dir = uphill(dir)) if (makes(job, dir)) return true;
    return false;
  }

  private boolean surely(int job, int node) {
    Match match = of(node);
    for (int i = 0; i < match.jobs().length; i++) if (match.jobs()[i] == job) return match.sure()[i];
    return false;
  }

  private boolean made(int job, int node) {
    TargetVector targets = graph.targets(job);
    int i = targets.find(node);
    return i >= 0 && (targets.flags(i) & TargetFlags.OFFICIAL) != 0 && targets.crc(i) != Crc.NONE;
  }

  /** Facts of a job whose rule still exists. */
  JobFacts facts(int job) {
    if (job < facts.length && facts[job] != null) return facts[job];
    Rule rule = book.rule(graph.rule(job)).orElseThrow(() -> Bug.of("job %d has no rule any more", job));
    String[] stems = graph.stems(job);
    List<StaticDep> deps = rule.staticDeps(stems).orElse(List.of());
    return remember(job, rule, stems, deps);
  }

  /** The rule of a job, which must exist. */
  Rule rule(int job) {
    return book.rule(graph.rule(job)).orElseThrow();
  }

  boolean ruleExists(int job) {
    return book.rule(graph.rule(job)).isPresent();
  }

  /**
   * A file and its static dep, the static dep of that one and so on, when the node cannot be made because they have no end:
   * the last one is where that was seen. Else empty.
   */
  List<Integer> endless(int node) {
    List<Integer> chain = new ArrayList<>();
    return endless(node, 0, chain, new HashSet<>()) ? chain : List.of();
  }

  private boolean endless(int node, int depth, List<Integer> chain, Set<Integer> met) {
    Match match = of(node, depth);
    if (match.buildable() != Buildable.NO || !met.add(node)) return false;
    chain.add(node);
    if (match.kind() == Kind.TOO_LONG || match.kind() == Kind.INFINITE) return true;
    List<Candidate> candidates = match.kind() == Kind.NO_RULE ? book.candidates(graph.name(node)) : List.of();
    for (Candidate candidate : candidates) {
      for (StaticDep dep : candidate.rule().staticDeps(candidate.stems()).orElse(List.of())) {
        if (endless(graph.node(dep.name()), depth + 1, chain, met)) return true;
      }
    }
    chain.remove(chain.size() - 1);
    return false;
  }

  private Match of(int node, int depth) {
    if (node < matches.length && matches[node] != null) {
      Integer cut = cutAt.get(node);
      if (cut != null) cuts++;
      if (cut == null || depth >= cut) return matches[node];
    }
    if (depth > book.config().maxDepDepth()) {
      cuts++;
      return Match.of(Kind.INFINITE, Buildable.NO);
    }
    fit(node);
    matches[node] = Match.LOOPING;
    cutAt.remove(node);
    int cutsBefore = cuts;
    Match match = compute(node, depth);
    fit(node);
    matches[node] = match;
    if (cuts != cutsBefore) cutAt.put(node, depth);
    return match;
  }

  private Match compute(int node, int depth) {
    String name = graph.name(node);
    Manifest manifest = book.manifest();
    if (manifest.isSource(name)) return Match.of(Kind.SOURCE, Buildable.YES);
    // Whether it exists is for the disk to say.
    if (manifest.inSourceDir(name)) return Match.of(Kind.IN_SOURCE_DIR, Buildable.MAYBE);
    if (name.startsWith("/") || name.startsWith("../")) return Match.of(Kind.EXTERNAL, Buildable.NO);
    if (tooLong(name)) return Match.of(Kind.TOO_LONG, Buildable.NO);
    if (manifest.leadsToSource(name)) return Match.of(Kind.LEADS_TO_SOURCE, Buildable.NO);
    if (manifest.belowSource(name)) return Match.of(Kind.BELOW_SOURCE, Buildable.NO);
    List<Candidate> candidates = book.candidates(name);
    for (Candidate candidate : candidates) {
      Rule.Special special = candidate.rule().special();
      if (special == Rule.Special.ANTI) return Match.of(Kind.ANTI, Buildable.NO);
      if (special == Rule.Special.SOURCE) return Match.of(Kind.SOURCE, Buildable.YES);
    }
    if (candidates.isEmpty()) return Match.of(Kind.NO_RULE, Buildable.NO);
    if (belowFile(graph.parent(node), depth + 1)) return Match.of(Kind.UPHILL, Buildable.NO);
    List<Candidate> stepsAside = new ArrayList<>(0);
    Match match = plain(candidates, depth, stepsAside);
    if (stepsAside.isEmpty()) aside.remove(node);
    else aside.put(node, stepsAside);
    return match;
  }

  /** Lengths are in bytes, of which a character has three at most (or a surrogate pair four). */
  private boolean tooLong(String name) {
    int max = book.config().pathMax();
    return name.length() > max || 3 * name.length() > max && name.getBytes(StandardCharsets.UTF_8).length > max;
  }

  /** Whether the dir, or one above, is a source or a file that some job makes for sure. */
  private boolean belowFile(int dir, int depth) {
    if (dir == 0) return false;
    Match match = of(dir, depth);
    return switch (match.kind()) {
      case PLAIN -> match.buildable() == Buildable.YES;
      case SOURCE, UPHILL -> true;
      case LEADS_TO_SOURCE, BELOW_SOURCE, IN_SOURCE_DIR, EXTERNAL, LOOPING -> false;
      default -> belowFile(graph.parent(dir), depth + 1);
    };
  }

  private Match plain(List<Candidate> candidates, int depth, List<Candidate> stepsAside) {
    int[] jobs = new int[candidates.size()];
    boolean[] sure = new boolean[candidates.size()];
    List<Integer> groupEnds = new ArrayList<>();
    int count = 0;
    boolean sureInGroup = false;
    double prio = Double.NaN;
    for (Candidate candidate : candidates) {
      if (candidate.rule().prio() != prio) {
        if (sureInGroup) break; // lower groups can never be reached
        if (count > last(groupEnds)) groupEnds.add(count);
        prio = candidate.rule().prio();
      }
      Optional<List<StaticDep>> deps = candidate.rule().staticDeps(candidate.stems());
      if (deps.isEmpty()) {
        stepsAside.add(candidate);
        continue;
      }
      Buildable worst = worst(deps.get(), depth);
      if (worst == Buildable.NO) continue;
      jobs[count] = job(candidate, deps.get());
      sure[count] = worst == Buildable.YES && certain(candidate.target());
      sureInGroup |= sure[count];
      count++;
    }
    if (count > last(groupEnds)) groupEnds.add(count);
    if (count == 0) return Match.of(Kind.NO_RULE, Buildable.NO);
    return new Match(
        Kind.PLAIN,
        sureInGroup ? Buildable.YES : Buildable.MAYBE,
        Arrays.copyOf(jobs, count),
        Arrays.copyOf(sure, count),
        groupEnds.stream().mapToInt(Integer::intValue).toArray());
  }

  private static int last(List<Integer> list) {
    return list.isEmpty() ? 0 : list.get(list.size() - 1);
  }

  private static boolean certain(TargetEntry target) {
    int flags = target.flags();
    if ((flags & TargetFlags.PHONY) != 0) return true;
    return !target.star() && (flags & TargetFlags.OPTIONAL) == 0;
  }

  private Buildable worst(List<StaticDep> deps, int depth) {
    Buildable worst = Buildable.YES;
    for (StaticDep dep : deps) {
      Buildable buildable = of(graph.node(dep.name()), depth + 1).buildable();
      if (buildable.compareTo(worst) < 0) worst = buildable;
      if (worst == Buildable.NO) break;
    }
    return worst;
  }

  private int job(Candidate candidate, List<StaticDep> deps) {
    int job = graph.job(candidate.rule().id(), candidate.stems());
    if (job >= facts.length || facts[job] == null) remember(job, candidate.rule(), candidate.stems(), deps);
    return job;
  }

  private JobFacts remember(int job, Rule rule, String[] stems, List<StaticDep> deps) {
    DepVector.Builder vector = new DepVector.Builder();
    boolean first = true;
    for (StaticDep dep : deps) {
      int flags = dep.flags() | DepFlags.STATIC | DepFlags.REQUIRED | DepFlags.FULL;
      vector.add(graph.node(dep.name()), Accesses.L | Accesses.R | Accesses.T, flags, !first, 0, Crc.UNKNOWN);
      first = false;
    }
    List<Integer> targets = new ArrayList<>();
    for (TargetEntry entry : rule.targets()) if (!entry.star()) targets.add(graph.node(entry.name(stems)));
    JobFacts made =
        new JobFacts(job, rule, stems, vector.build(), targets.stream().mapToInt(Integer::intValue).toArray());
    if (job >= facts.length) facts = Arrays.copyOf(facts, Math.max(job + 1, 2 * facts.length));
    facts[job] = made;
    return made;
  }

  private void fit(int node) {
    if (node >= matches.length) matches = Arrays.copyOf(matches, Math.max(node + 1, 2 * matches.length));
  }
}

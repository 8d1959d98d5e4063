package lmake.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The index must be nothing but a faster way to try every target of every rule. */
final class IndexTest {
  private static final String[] PIECES = {"a", "b", "ab", ".o", ".c", "/", "x", "{A}", "{S*}", ".", "d/"};

  @Test
  void sameAsTryingThemAll() {
    long seed = Long.getLong("lmake.seed", 1);
    Random random = new Random(seed);
    for (int round = 0; round < 60; round++) {
      RuleBook book = randomBook(random);
      for (int i = 0; i < 200; i++) {
        String name = randomName(random);
        assertEquals(show(scan(book, name)), show(book.candidates(name)), "seed " + seed + " name " + name);
      }
    }
  }

  private static RuleBook randomBook(Random random) {
    List<RuleSketch> rules = new ArrayList<>();
    for (int i = 0; i < 1 + random.nextInt(30); i++) {
      RuleSketch rule = random.nextInt(8) > 0
          ? RuleSketch.rule("R" + i)
          : random.nextBoolean() ? RuleSketch.anti("R" + i, randomPattern(random, false)) : RuleSketch.source("R" + i, "s{A}");
      rule.stem("A", random.nextBoolean() ? ".*" : "[abx]+").stem("S", random.nextBoolean() ? ".+" : "[a-z/]*");
      rule.prio(random.nextInt(4) - 2).jobName("{A}" + i);
      int targets = random.nextInt(3);
      for (int t = 0; t <= targets; t++) rule.target("T" + t + i, randomPattern(random, true));
      rules.add(rule);
    }
    return RuleSketch.book(rules, List.of());
  }

  private static String randomPattern(Random random, boolean star) {
    StringBuilder pattern = new StringBuilder();
    for (int i = 0; i < 1 + random.nextInt(4); i++) {
      String piece = PIECES[random.nextInt(PIECES.length)];
      if (star || !piece.equals("{S*}")) pattern.append(piece);
    }
    return pattern.append(random.nextBoolean() ? "{A}" : "{A}.o").toString();
  }

  private static String randomName(Random random) {
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < 1 + random.nextInt(6); i++) {
      String piece = PIECES[random.nextInt(PIECES.length)];
      name.append(piece.startsWith("{") ? "s" : piece);
    }
    return name.toString();
  }

  private static List<Candidate> scan(RuleBook book, String name) {
    List<Candidate> found = new ArrayList<>();
    for (Rule rule : book.rules()) {
      for (TargetEntry target : rule.targets()) {
        var stems = target.match(name);
        if (stems.isEmpty()) continue;
        found.add(new Candidate(rule, target, stems.get()));
        break;
      }
    }
    return found;
  }

  private static List<String> show(List<Candidate> list) {
    return list.stream().map(c -> c.rule() + " " + c.target() + " " + Arrays.toString(c.stems())).toList();
  }

  /** Not a promise, a number to look at: nanoseconds a name for 60 rules. */
  @Test
  void costOfAName() {
    List<RuleSketch> rules = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      rules.add(RuleSketch.rule("Obj" + i).target("T", "obj" + i + "/{F:.*}.o"));
      rules.add(RuleSketch.rule("Any" + i).target("T", "{F:.+}.s" + i));
      rules.add(RuleSketch.rule("Two" + i).target("T", "{D:[^/]+}/{F:[a-z0-9_]+}.k" + i));
      rules.add(RuleSketch.rule("Star" + i).target("T", "{F:[a-z/]+}.d" + i + "/{N*:[0-9]+}.txt"));
      rules.add(RuleSketch.rule("Dir" + i).target("T", "out" + i + "/{F:.*}"));
    }
    RuleBook book = RuleSketch.book(rules, List.of());
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      int n = i % 17;
      names.add("src/dir" + i + "/file_" + i + ".c");
      names.add("obj" + n + "/dir/file_" + i + ".o");
      names.add("dir/file_" + i + ".k" + n);
      names.add("a/b/dir.d" + n + "/" + i + ".txt");
      names.add("out" + n + "/x/y" + i);
    }
    long found = 0;
    double best = Double.MAX_VALUE;
    for (int round = 0; round < 8; round++) {
      long start = System.nanoTime();
      for (String name : names) found += book.candidates(name).size();
      best = Math.min(best, (System.nanoTime() - start) / (double) names.size());
    }
    System.out.printf("matching: %.0f ns a name, %d rules, %d hits%n", best, rules.size(), found / 8);
  }
}

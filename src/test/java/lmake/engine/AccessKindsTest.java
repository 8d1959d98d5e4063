package lmake.engine;

import static lmake.engine.ActsToy.write;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.BiConsumer;
import lmake.rules.RuleSketch;
import org.junit.jupiter.api.Test;

/** How a job looked at a file decides which of its changes are of interest to it. */
class AccessKindsTest {
  /** A file that is made from a source, and a job that looks at it in some way. */
  private static ActsToy looker(BiConsumer<String, SimActs> look) {
    ActsToy toy =
        new ActsToy()
            .rule(RuleSketch.rule("Gen").target("T", "gen"), "Gen", (stem, acts) -> write(acts, "gen", acts.read("src")))
            .rule(RuleSketch.rule("Look").target("T", "look"), "Look", look)
            .source("src", "1");
    toy.build("look");
    assertTrue(toy.ok);
    assertEquals(List.of(), toy.build("look"));
    return toy;
  }

  private static List<String> afterAnEdit(ActsToy toy) {
    toy.disk.write("src", "2");
    List<String> ran = toy.build("look");
    assertTrue(toy.ok);
    assertEquals("2", toy.disk.read("gen"));
    assertEquals(List.of(), toy.build("look"));
    return ran;
  }

  @Test
  void contentOfAFileThatWasOnlyLookedForDoesNotMatter() {
    ActsToy toy = looker((stem, acts) -> write(acts, "look", acts.exists("gen") ? "there" : "absent"));
    assertEquals("there", toy.disk.read("look"));
    assertEquals(1, afterAnEdit(toy).size());
  }

  @Test
  void contentOfAFileOfWhichOnlyWasAskedWhetherItIsALinkDoesNotMatter() {
    ActsToy toy = looker((stem, acts) -> write(acts, "look", acts.readlink("gen") == null ? "no link" : "link"));
    assertEquals("no link", toy.disk.read("look"));
    assertEquals(1, afterAnEdit(toy).size());
  }

  @Test
  void contentOfAFileThatWasReadMatters() {
    ActsToy toy = looker((stem, acts) -> write(acts, "look", acts.read("gen")));
    assertEquals(2, afterAnEdit(toy).size());
    assertEquals("2", toy.disk.read("look"));
  }
}

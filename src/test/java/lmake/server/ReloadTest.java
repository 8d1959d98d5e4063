package lmake.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import lmake.base.ExitCode;
import lmake.base.UserError;
import lmake.rules.RuleBook;
import lmake.rules.RuleIds;
import lmake.rules.RuleSketch;
import org.junit.jupiter.api.Test;

class ReloadTest {
  private final Map<Long, Integer> ids = new HashMap<>();
  private final RuleIds lasting = crc -> ids.computeIfAbsent(crc, c -> ids.size() + 1);
  private final RuleBook old = book("", List.of("a.c"), copy("cp {SRC} {OBJ}"));

  @Test
  void nothingIsRefusedWhileNobodyBuilds() {
    RuleBook now = book("\"path_max\":100", List.of("b.c"), copy("mv {SRC} {OBJ}"));
    assertThat(Reload.refusal(old, now, false, false)).isEmpty();
  }

  @Test
  void theSameAndTheDynamicAreTakenWhileSomebodyBuilds() {
    assertThat(Reload.refusal(old, book("", List.of("a.c"), copy("cp {SRC} {OBJ}")), true, false)).isEmpty();
    assertThat(Reload.refusal(old, book("\"max_error_lines\":3", List.of("a.c"), copy("cp {SRC} {OBJ}")), true, false)).isEmpty();
  }

  @Test
  void linkSupportNeedsACleanRepoAtAnyTime() {
    RuleBook now = book("\"link_support\":\"file\"", List.of("a.c"), copy("cp {SRC} {OBJ}"));
    assertThat(code(now, false, false)).isEqualTo(ExitCode.CLEAN_REPO);
    assertThat(code(now, true, false)).isEqualTo(ExitCode.CLEAN_REPO);
    assertThat(Reload.refusal(old, now, false, true)).isEmpty();
  }

  @Test
  void theStaticNeedsASteadyRepo() {
    List<String> fields =
        List.of(
            "\"path_max\":100", "\"max_dep_depth\":9", "\"disk_date_precision\":0.5", "\"network_delay\":3", "\"heartbeat\":3",
            "\"heartbeat_tick\":3");
    for (String field : fields) {
      assertThat(code(book(field, List.of("a.c"), copy("cp {SRC} {OBJ}")), true, false)).as(field).isEqualTo(ExitCode.STEADY_REPO);
    }
  }

  @Test
  void sourcesAndRulesMustNotChangeMeanwhile() {
    assertRefused(book("", List.of("a.c", "b.c"), copy("cp {SRC} {OBJ}")), "new source b.c");
    assertRefused(book("", List.of(), copy("cp {SRC} {OBJ}")), "removed source a.c");
    assertRefused(book("", List.of("a.c"), copy("mv {SRC} {OBJ}")), "rule Copy has another command");
    assertRefused(book("", List.of("a.c"), copy("cp {SRC} {OBJ}"), RuleSketch.rule("New").target("T", "t")), "new rule New");
    assertRefused(book("", List.of("a.c")), "removed rule Copy");
    assertRefused(book("", List.of("a.c"), copy("cp {SRC} {OBJ}").resource("cpu", "2")), "rule Copy has other resources");
  }

  @Test
  void sourceDirsAreForTheLifeOfTheRepo() {
    RuleBook dir = book("", List.of("a.c", "dir/"), copy("cp {SRC} {OBJ}"));
    for (boolean busy : List.of(false, true)) {
      UserError error = Reload.refusal(old, dir, busy, false).orElseThrow();
      assertThat(error.code()).isEqualTo(ExitCode.BAD_STATE);
      assertThat(error.getMessage()).contains("new source dir dir/", "git clean -ffdx");
      assertThat(Reload.refusal(dir, old, busy, false).orElseThrow().getMessage()).contains("removed source dir dir/");
    }
    assertThat(Reload.refusal(old, dir, false, true)).isEmpty();
  }

  private void assertRefused(RuleBook now, String why) {
    UserError error = Reload.refusal(old, now, true, false).orElseThrow();
    assertThat(error.code()).isEqualTo(ExitCode.BAD_STATE);
    assertThat(error.getMessage()).endsWith(why);
  }

  private ExitCode code(RuleBook now, boolean busy, boolean fresh) {
    return Reload.refusal(old, now, busy, fresh).orElseThrow().code();
  }

  private static RuleSketch copy(String cmd) {
    return RuleSketch.rule("Copy").target("OBJ", "{File:.*}.o").dep("SRC", "{File}.c").cmd(cmd);
  }

  private RuleBook book(String config, List<String> sources, RuleSketch... rules) {
    List<String> digest = new ArrayList<>(RuleSketch.digest(List.of(rules), sources));
    digest.set(1, "{\"kind\":\"config\"" + (config.isEmpty() ? "" : "," + config) + "}");
    try {
      return RuleBook.parse(digest, lasting, (code, text, vars) -> text);
    } catch (UserError e) {
      throw new AssertionError(e);
    }
  }
}

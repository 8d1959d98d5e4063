package lmake.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.grack.nanojson.JsonObject;
import java.util.List;
import java.util.Map;
import lmake.base.UserError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Amounts as users write them, as jobs see them, and as the backend counts them. */
final class ResourcesTest {
  private static Resources of(RuleSketch sketch, String... stems) throws EarlyError {
    return RuleSketch.book(List.of(sketch), List.of()).rules().get(0).resources(stems, new Evaluation());
  }

  private static RuleSketch sketch() {
    return RuleSketch.rule("R").target("T", "{F:.*}.o").resource("always", "1");
  }

  @ParameterizedTest(name = "{0} = {1}")
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          # key | given  | seen | counted
          mem   | 2048M  | 2G   | 2048
          mem   | 1.5G   | 1536M | 1536
          mem   | 1      | 1M   | 1
          mem   | 1048577 | 2M  | 2
          mem   | 1k     | 1M   | 1
          mem   | 0      | -    | -
          mem   | 3T     | 3T   | 3145728
          tmp   | 100M   | 100M | 100
          cpu   | 1      | 1    | 1
          cpu   | 1.2    | 2    | 2
          cpu   | .5     | 1    | 1
          cpu   | 500m   | 1    | 1
          cpu   | 2000m  | 2    | 2
          cpu   | 1024   | 1k   | 1024
          gpu   | 2k     | 2k   | 2048
          gpu   | 0.0    | -    | -
          gpu   | +3     | 3    | 3
          """)
  void amounts(String key, String given, String seen, Long counted) throws EarlyError {
    Resources resources = of(sketch().resource(key, given), "f");
    assertEquals(seen, resources.values().get(key));
    assertEquals(counted, resources.amounts().get(key));
  }

  @ParameterizedTest
  @CsvSource(nullValues = "-", value = {"''", "x", "1X", "1GG", "-1", "1e9", "G", "1.2.3", "nan", "0x10", "1 G"})
  void whatIsNoQuantity(String given) {
    EarlyError error = assertThrows(EarlyError.class, () -> of(sketch().resource("mem", given), "f"));
    assertEquals("resource mem : '" + given + "' is no quantity", error.lines().get(0));
  }

  @Test
  void milliAndMegaAreTwoThings() throws EarlyError {
    assertEquals(1L << 20, of(sketch().resource("gpu", "1M"), "f").amounts().get("gpu"));
    assertEquals(1L, of(sketch().resource("gpu", "1m"), "f").amounts().get("gpu"));
  }

  @Test
  void mayDependOnTheJob() throws EarlyError {
    assertEquals("7", of(sketch().resource("cpu", "{F}"), "7").values().get("cpu"));
  }

  @Test
  void somethingMustBeAsked() {
    RuleSketch nothing = RuleSketch.rule("R").target("T", "t").resource("cpu", "0");
    assertEquals("job asks for no resource", assertThrows(EarlyError.class, () -> of(nothing)).lines().get(0));
  }

  @Test
  void complaintsNameTheConfig() throws EarlyError {
    Resources resources = of(sketch().resource("cpu", "1000").resource("mem", "4G").resource("gpu", "1"), "f");
    assertEquals(
        List.of(
            "not enough resource cpu (required 1000 but only 2 available)",
            "  consider : a larger lmake.config.backends.local.cpu, or a smaller resources.cpu",
            "no resource gpu for backend local",
            "  consider : lmake.config.backends.local.gpu = '1' in Lmakefile.py"),
        resources.complaints(Map.of("always", 9L, "cpu", 2L, "mem", 4096L)));
    assertEquals(List.of(), resources.complaints(Map.of("always", 9L, "cpu", 1000L, "mem", 4096L, "gpu", 1L)));
  }

  @Test
  void capacitiesOfTheConfig() throws UserError {
    JsonObject local = RuleSketch.object("cpu", "2", "mem", "24105M", "tmp", "1.5G", "gpu", 3, "environ", new JsonObject());
    Config config = Config.of(RuleSketch.object("backends", RuleSketch.object("local", local)));
    assertEquals(Map.of("cpu", 2L, "mem", 24105L, "tmp", 1536L, "gpu", 3L), config.localCapacities());
    JsonObject wrong = RuleSketch.object("backends", RuleSketch.object("local", RuleSketch.object("cpu", "two")));
    assertEquals(
        "lmake.config.backends.local.cpu: 'two' is no quantity\n  consider: a number and a unit, as 4G",
        assertThrows(UserError.class, () -> Config.of(wrong)).getMessage());
  }
}

package lmake.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import lmake.rules.Evaluator.EvalError;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** With the real worker, of src/main/python. */
class WorkerLinkTest {
  private static final String ADD = "def f():\n  return a + b\nlmake_result = 'raw'\n";

  private final WorkerLink link =
      new WorkerLink(List.of(python(), "-I", "-S", "src/main/python/lmake_worker.py", System.getProperty("user.dir")));

  @AfterEach
  void stop() {
    link.stop();
  }

  @Test
  void evaluatesWithVariables() throws EvalError {
    assertThat(link.eval(0, ADD, Map.of("a", 1, "b", 2))).isEqualTo(3);
    assertThat(link.eval(0, ADD, Map.of("a", "x\udcff", "b", "é"))).isEqualTo("x\udcffé");
  }

  @Test
  void whatPythonRaisesIsTold() {
    assertThatThrownBy(() -> link.eval(1, "def f():\n  return 1 / 0\nlmake_result = 'raw'\n", Map.of()))
        .isInstanceOf(EvalError.class)
        .hasMessageContaining("ZeroDivisionError");
  }

  @Test
  void whatIsLookedAtIsToldEvenIfTheCodeThenRaises() {
    List<String> looks = new ArrayList<>();
    String code = "def f():\n  open('no/such')\nlmake_result = 'raw'\n";
    assertThatThrownBy(() -> link.eval(3, code, Map.of(), looks::add)).isInstanceOf(EvalError.class);
    assertThat(looks).containsExactly("no/such");
  }

  @Test
  void itsDeathIsToldAndTheNextOneWorks() throws EvalError {
    String suicide = "def f():\n  import os\n  os._exit(1)\nlmake_result = 'raw'\n";
    assertThatThrownBy(() -> link.eval(2, suicide, Map.of())).isInstanceOf(EvalError.class).hasMessageContaining("it died");
    assertThat(link.eval(0, ADD, Map.of("a", 1, "b", 2))).isEqualTo(3);
  }

  private static String python() {
    try {
      return PythonFinder.find(System.getenv());
    } catch (lmake.base.UserError e) {
      throw new AssertionError(e);
    }
  }
}

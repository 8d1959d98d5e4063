package lmake.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Java values as Python writes and prints them. */
final class PythonTest {
  @ParameterizedTest
  @CsvSource({
    "0.0,0.0", "-0.0,-0.0", "1.0,1.0", "1.5,1.5", "0.1,0.1", "1e15,1000000000000000.0", "1e16,1e+16", "1e22,1e+22", "1.5e300,1.5e+300",
    "0.0001,0.0001", "0.00001,1e-05", "1.25e-7,1.25e-07", "123456.789,123456.789", "100.0,100.0"
  })
  void floats(double value, String printed) {
    assertEquals(printed, Python.str(value));
  }

  @Test
  void scalars() {
    assertEquals("True", Python.str(true));
    assertEquals("", Python.str(null));
    assertEquals("None", Python.literal(null));
    assertEquals("12", Python.str(12));
    assertEquals("[1, 'a', None, {'k': False}]", Python.literal(list(1, "a", null, Map.of("k", false))));
  }

  private static List<Object> list(Object... items) {
    return new ArrayList<>(java.util.Arrays.asList(items));
  }

  @Test
  void textsAreAscii() {
    assertEquals("'\\x00\\x7f\\x80\\t'".replace("\\t", "\\x09"), Python.literal("\0\u007f\u0080\t"));
    assertEquals("'\\\\\\'\"\\n'", Python.literal("\\'\"\n"));
    assertEquals("'\\u20ac\\U0001f600\\udc80\\ud83d'", Python.literal("€😀\udc80\ud83d"));
  }

  /** What a real Python reads is what we meant, for every kind of character. */
  @Test
  void aRealPythonReadsThemBack() throws java.io.IOException, InterruptedException {
    StringBuilder all = new StringBuilder();
    for (int c = 0; c < 0x3000; c += c < 0x300 ? 1 : 37) all.append((char) c);
    all.append("😀\udc80\udcff\ud800x");
    String program = "import sys\ns = " + Python.literal(all.toString()) + "\nprint(','.join(str(ord(c)) for c in s))";
    Process python = new ProcessBuilder("python3", "-c", program).start();
    String codes = new String(python.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII).strip();
    assertEquals(0, python.waitFor());
    List<String> expected = all.codePoints().mapToObj(Integer::toString).toList();
    assertEquals(String.join(",", expected), codes);
  }
}

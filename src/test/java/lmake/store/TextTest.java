package lmake.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Any bytes make a string that makes the same bytes again, and UTF-8 is UTF-8. */
final class TextTest {
  @ParameterizedTest(name = "{0}")
  @CsvSource(delimiter = '|', textBlock = """
      # bytes      | chars
      61           | 0061
      0a           | 000a
      c3a9         | 00e9
      e697a5       | 65e5
      f09f9880     | d83dde00
      80           | dc80
      ff61         | dcff0061
      c0af         | dcc0dcaf
      c3           | dcc3
      e697         | dce6dc97
      eda080       | dceddca0dc80
      f4908080     | dcf4dc90dc80dc80
      f08080af     | dcf0dc80dc80dcaf
      efbfbd       | fffd
      """)
  void escapesWhatIsNotUtf8(String bytes, String chars) {
    byte[] raw = HexFormat.of().parseHex(bytes);
    String text = new String(HexFormat.of().parseHex(chars), StandardCharsets.UTF_16BE);
    StringBuilder exact = new StringBuilder();
    for (int i = 0; i < chars.length(); i += 4) exact.append((char) Integer.parseInt(chars.substring(i, i + 4), 16));
    assertEquals(text.length(), exact.length());
    assertEquals(exact.toString(), Text.decode(raw, 0, raw.length));
    assertArrayEquals(raw, Text.encode(exact.toString()));
  }

  @Test
  void anyBytesComeBack() {
    long seed = Long.getLong("lmake.seed", 1);
    System.out.println("TextTest.anyBytesComeBack: seed " + seed);
    Random random = new Random(seed);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(12)];
      random.nextBytes(bytes);
      for (int j = 0; j < bytes.length; j++) if (random.nextInt(3) == 0) bytes[j] = (byte) (0x80 | random.nextInt(0x40));
      assertArrayEquals(bytes, Text.encode(Text.decode(bytes, 0, bytes.length)));
    }
  }

  @Test
  void utf8IsUtf8() {
    for (int code = 1; code <= Character.MAX_CODE_POINT; code += code < 0x11000 ? 1 : 97) {
      if (code >= 0xD800 && code <= 0xDFFF) continue;
      String text = Character.toString(code);
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      assertArrayEquals(bytes, Text.encode(text));
      assertEquals(text, Text.decode(bytes, 0, bytes.length));
    }
  }
}

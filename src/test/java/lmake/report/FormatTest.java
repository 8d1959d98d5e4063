package lmake.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Durations, names, literals, colours, columns: what is pure text. */
final class FormatTest {
  private static final long TEN = 1_767_261_600L * 1_000_000_000L;
  private static final Place ROOT = new Place("/repo", "");

  private static String show(Line line) {
    return new String(line.bytes(ROOT, Paint.OFF), StandardCharsets.ISO_8859_1);
  }

  @ParameterizedTest(name = "{0} ms")
  @CsvSource(
      ignoreLeadingAndTrailingWhitespace = false,
      textBlock =
          """
          0,0.000s
          1,0.001s
          9999,9.999s
          10000,10.00s
          59999,59.99s
          60000, 1m00s
          65000, 1m05s
          3599999,59m59s
          3600000, 1h00m
          35999999, 9h59m
          359999999,99h59m
          360000000,  100h
          359999999999,99999h
          360000000000, 4166d
          """)
  void durationsAreSixWideAndCut(long ms, String shown) {
    assertThat(Elapsed.show(ms * 1_000_000)).isEqualTo(shown).hasSize(6);
    assertThat(Elapsed.show(ms * 1_000_000 + 999_999)).as("not rounded").isEqualTo(shown);
  }

  @Test
  void columnsAreThoseOfTheContract() {
    StatusLine line = new StatusLine(0, true, 13, ZoneOffset.UTC);
    assertThat(show(line.line(TEN, "done", "Up", 5_000_000, "b.up", Color.OK)))
        .isEqualTo("10:00:00 done               Up            0.005s b.up\n");
    assertThat(show(line.line(TEN, "new", "src", StatusLine.NO_TIME, "a.src", Color.OK)))
        .isEqualTo("10:00:00 new                src                  a.src\n");
    assertThat(show(line.lone(TEN, "kill", Color.NOTE))).isEqualTo("10:00:00 kill\n");
    StatusLine bare = new StatusLine(-1, false, 4, ZoneOffset.UTC);
    assertThat(show(bare.line(TEN, "done", "Up", 5, "b c", Color.OK))).isEqualTo("done               Up   b c\n");
    StatusLine fine = new StatusLine(3, true, 2, ZoneOffset.UTC);
    assertThat(show(fine.line(TEN + 7_999_999, "steady", "Compile", 0, "x", Color.OK)))
        .isEqualTo("10:00:00.007 steady             Compile 0.000s x\n");
  }

  @ParameterizedTest(name = "{1} from {0}")
  @CsvSource(
      textBlock =
          """
          '',      a/b,      a/b
          sub,     a.up,     ../a.up
          sub,     sub/a,    a
          sub,     sub,      .
          sub/x,   sub/a,    ../a
          sub/x,   a,        ../../a
          sub/x,   sub,      ..
          sub,     subway/a, ../subway/a
          sub,     ../ext/f, ../../ext/f
          sub,     /abs/f,   /abs/f
          """)
  void namesAreSeenFromTheStartupDir(String dir, String name, String seen) {
    assertThat(new Place("/repo", dir).show(name)).isEqualTo(seen);
  }

  @ParameterizedTest(name = "{1} typed in {0}")
  @CsvSource(
      textBlock =
          """
          '',  a,             a
          '',  ./a,           a
          '',  d/../a,        a
          '',  d//a/,         d/a
          '',  /w/repo/a,     a
          '',  .,             ''
          '',  ..,            ..
          '',  ../repo/a,     a
          '',  ../x/f,        ../x/f
          '',  /w/x/f,        ../x/f
          '',  /w/repository, ../repository
          '',  /,             ../..
          sub, ../a,          a
          sub, a,             sub/a
          sub, ..,            ''
          sub, ../../x,       ../x
          """)
  void argumentsAreTakenFromTheStartupDir(String dir, String typed, String name) {
    Place place = new Place("/w/repo", dir);
    assertThat(place.fromRoot(place.absolute(typed))).isEqualTo(name);
  }

  @Test
  void bytesThatAreNotAsciiAreSpelledOnTheConsole() {
    assertThat(Printable.show("a b'\"\\")).isEqualTo("a b'\"\\");
    assertThat(Printable.show("\u00e9")).isEqualTo("\\xc3\\xa9");
    assertThat(Printable.show("a\udcffb\n\033[m")).isEqualTo("a\\xffb\\x0a\\x1b[m");
    assertThat(Printable.bytes("x\udc80\ud83d\ude00"))
        .containsExactly('x', 0x80, 0xF0, 0x9F, 0x98, 0x80);
  }

  @Test
  void bytesBecomeNamesAndBack() {
    byte[] all = new byte[256 + 12];
    for (int i = 0; i < 256; i++) all[i] = (byte) i;
    // Overlong, a surrogate, U+FFFD itself, one right, one cut.
    int[] odd = {0xC0, 0x80, 0xED, 0xA0, 0x80, 0xEF, 0xBF, 0xBD, 0xC3, 0xA9, 0xF0, 0x9F};
    byte[] tricky = new byte[odd.length];
    for (int i = 0; i < odd.length; i++) tricky[i] = (byte) odd[i];
    System.arraycopy(tricky, 0, all, 256, tricky.length);
    assertThat(Printable.bytes(Printable.decode(all))).isEqualTo(all);
    assertThat(Printable.decode(new byte[] {'a', (byte) 0xC3, (byte) 0xA9, (byte) 0xFF})).isEqualTo("a\u00e9\udcff");
  }

  @Test
  void wordsOfCommandsAreQuotedWhenNeeded() {
    assertThat(Printable.quote("a.b/c-d_e+f=g:h,i@j%k")).isEqualTo("a.b/c-d_e+f=g:h,i@j%k");
    assertThat(Printable.quote("a b")).isEqualTo("'a b'");
    assertThat(Printable.quote("it's")).isEqualTo("'it'\\''s'");
    assertThat(Printable.quote("$x*~")).isEqualTo("'$x*~'");
    assertThat(Printable.quote("")).isEqualTo("''");
  }

  @Test
  void literalsAreThoseOfPython() {
    assertThat(Porcelaine.literal("it's \\ \"x\"")).isEqualTo("'it\\'s \\\\ \"x\"'");
    assertThat(Porcelaine.literal("\n\t\r\0\177")).isEqualTo("'\\n\\t\\r\\x00\\x7f'");
    assertThat(Porcelaine.literal("\u00e9\u20ac\ud83d\ude00\udcff")).isEqualTo("'\\xe9\\u20ac\\U0001f600\\udcff'");
    assertThat(Porcelaine.show(Porcelaine.NONE)).isEqualTo("None");
    assertThat(Porcelaine.show(true)).isEqualTo("True");
    assertThat(Porcelaine.show(3L)).isEqualTo("3");
    assertThat(Porcelaine.show(0.5)).isEqualTo("0.500000");
    assertThat(Porcelaine.show(List.of())).isEqualTo("()");
    assertThat(Porcelaine.show(List.of("a"))).isEqualTo("( 'a' ,)");
    assertThat(Porcelaine.show(List.of("a", 1))).isEqualTo("( 'a' , 1 )");
    assertThat(Porcelaine.show(Set.of())).isEqualTo("{}");
    assertThat(Porcelaine.show(new LinkedHashSet<>(List.of("a", "b")))).isEqualTo("{ 'a' , 'b' }");
    Map<String, Object> dict = new LinkedHashMap<>();
    dict.put("a", Map.of("b", 1));
    dict.put("c", Map.of());
    assertThat(Porcelaine.show(dict)).isEqualTo("{ 'a' : { 'b' : 1\n  }\n, 'c' : {}\n}");
  }

  @Test
  void coloursStayInsideTheIndentation() {
    Paint paint = Paint.of(Video.DARK, key -> new int[] {1, 2, 3, 4, 5, 6});
    Line line = Line.at(1).text("x ").name("sub/y").in(Color.ERR);
    assertThat(new String(line.bytes(new Place("/repo", "sub"), paint), StandardCharsets.ISO_8859_1))
        .isEqualTo("  \033[38;2;4;5;6mx y\033[0m\n");
    assertThat(new String(Line.ofJob(new byte[] {(byte) 0xFF}).bytes(ROOT, paint), StandardCharsets.ISO_8859_1))
        .isEqualTo("\t\u00ff\n");
    assertThat(Paint.of(Video.PLAIN, key -> new int[6]).on()).isFalse();
  }

  @ParameterizedTest(name = "-V {0}")
  @CsvSource(textBlock = """
      f, PLAIN
      Flat, PLAIN
      l, LIGHT
      Dark, DARK
      n, LIGHT
      r, DARK
      auto, ''
      '', ''
      """)
  void videoModes(String mode, String video) {
    assertThat(Video.of(mode).map(Enum::name).orElse("")).isEqualTo(video);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(textBlock = """
      0, ok
      768, exit 3
      35584, exit 139 (possibly killed with signal 11-Segmentation fault)
      9, signal 9-Killed
      139, signal 11-Segmentation fault
      65280, exit 255
      """)
  void waitStatusInWords(int status, String words) {
    assertThat(WaitStatus.explain(status, false)).isEqualTo(words);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(textBlock = """
      12, 12B
      1023, 1023B
      1024, 1.00kB
      1751, 1.71kB
      5595136, 5.34MB
      1073741824, 1.00GB
      """)
  void sizes(long bytes, String shown) {
    assertThat(Sizes.show(bytes)).isEqualTo(shown);
  }

  @Test
  void longStderrIsCutWithAHint() {
    List<Line> lines = Stderr.lines("a\n\nb c\nd".getBytes(), 2, "R", "x y");
    assertThat(lines.stream().map(FormatTest::show))
        .containsExactly(
            "\ta\n", "\t\n", "  ... for full content, consider : lshow -e -R R -J 'x y'\n");
    assertThat(Stderr.lines("a\nb\nc".getBytes(), 0, "R", "x")).hasSize(3);
    assertThat(Stderr.lines("a\nb\n".getBytes(), 2, "R", "x")).hasSize(2);
    assertThat(Stderr.lines(new byte[0])).isEmpty();
  }

  @Test
  void rowsOfTheSummaryAreAligned() {
    Tally tally = new Tally();
    tally.count("may_rerun", 4_000_000);
    tally.count("done", 3_000_000);
    tally.count("submit_loop", 0);
    assertThat(tally.lines(12_000_000).stream().map(FormatTest::show))
        .containsExactly(
            "submit_loop time :        (1 jobs)\n",
            "done        time : 0.003s (1 jobs)\n",
            "rerun       time : 0.004s (1 jobs)\n",
            "elapsed     time : 0.012s\n");
    for (int i = 0; i < 9; i++) tally.count("was_done", 5);
    assertThat(show(tally.lines(0).get(1))).isEqualTo("done        time : 0.003s (10 jobs)\n");
    assertThat(show(tally.lines(0).get(2))).isEqualTo("rerun       time : 0.004s ( 1 jobs)\n");
    assertThat(tally.title(2, 0, 3)).isEqualTo("failed:1 done:10 rerun:1 running:2 waiting:3");
  }
}

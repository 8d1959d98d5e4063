package lmake.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Collectors;
import lmake.base.ExitCode;
import lmake.base.UserError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each form of a command line means. */
final class GrammarTest {
  /** Options and values as they are understood, then the operands; or what is wrong. */
  private static String parse(ToolSpec spec, String line) {
    List<String> args = List.of(line.isEmpty() ? new String[0] : line.split(" "));
    args = args.stream().map(arg -> arg.equals("''") ? "" : arg).collect(Collectors.toList());
    try {
      Options options = spec.parse(args);
      String given =
          options.values().entrySet().stream()
              .map(option -> option.getKey().substring(2) + (option.getValue().equals(true) ? "" : "=" + option.getValue()))
              .sorted()
              .collect(Collectors.joining(" "));
      return (given + " |" + options.operands().stream().map(arg -> " " + arg).collect(Collectors.joining())).trim();
    } catch (UserError e) {
      assertThat(e.code()).isEqualTo(ExitCode.USAGE);
      return "! " + e.getMessage();
    }
  }

  @ParameterizedTest(name = "lmake {0}")
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '"',
      textBlock =
          """
          # arguments           ; understood
          ""                    ; |
          a                     ; | a
          -a -e                 ; archive forget-old-errors |
          -ae                   ; archive forget-old-errors |
          -ea x                 ; archive forget-old-errors | x
          -j4                   ; jobs=4 |
          -j 4                  ; jobs=4 |
          --jobs=4              ; jobs=4 |
          -aj4                  ; archive jobs=4 |
          -aj 4 x               ; archive jobs=4 | x
          --jobs=               ; |
          -j4 --jobs=           ; |
          -j4 -j5               ; jobs=5 |
          --jobs=4 -j 6         ; jobs=6 |
          -a -a                 ; archive |
          a -a                  ; archive | a
          a -a b -e c           ; archive forget-old-errors | a b c
          -- -a                 ; | -a
          x -- -a --jobs=4 --   ; | x -a --jobs=4 --
          -a -- x               ; archive | x
          -- -                  ; | -
          -c none               ; cache-method=none |
          -cplain               ; cache-method=plain |
          --cache-method=upload ; cache-method=upload |
          -b -x                 ; backend=-x |
          -b --                 ; backend=-- |
          --backend=a=b         ; backend=a=b |
          --backend=--x         ; backend=--x |
          -b @f                 ; backend=@f |
          @f                    ; | @f
          -b 'q                 ; backend='q |
          -b --archive          ; backend=--archive |
          -r 255                ; retry-on-error=255 |
          -m65535               ; max-runs=65535 |
          -M 1                  ; max-submits=1 |
          -N20                  ; nice=20 |
          -E 2h30m              ; ete=PT2H30M |
          -E 90                 ; ete=PT1M30S |
          -E1d2h3m4s            ; ete=PT26H3M4S |
          -qvS                  ; quiet sync verbose |
          -Vd                   ; video=d |
          -RR -J x              ; job rule=R | x
          -lost                 ; keep-tmp live-out local source-ok |
          -dDI                  ; essential-deps no-deps no-incremental |
          --shutdown            ; shutdown |
          -h                    ; help |
          --version             ; version |
          --jobs 4              ; ! no value for option --jobs, consider : --jobs=<value>
          --archive=1           ; ! unexpected value for option --archive
          --archive=            ; ! unexpected value for option --archive
          --arch                ; ! unexpected option --arch
          --job s               ; job | s
          -                     ; ! unexpected lone -
          a - b                 ; ! unexpected lone -
          ''                    ; ! unexpected empty argument
          -- ''                 ; ! unexpected empty argument
          -Z                    ; ! unexpected option -Z
          -aZ                   ; ! unexpected option -Z
          -j                    ; ! no value for option -j
          -aj                   ; ! no value for option -j
          --                    ; |
          --=4                  ; ! unexpected option --
          ---a                  ; ! unexpected option ---a
          --help=1              ; ! unexpected value for option --help
          """)
  void lmakeUnderstands(String line, String meaning) {
    assertThat(parse(new LmakeCommand().spec(), line)).isEqualTo(meaning);
  }

  @ParameterizedTest(name = "lmake {0}")
  @CsvSource(
      delimiter = ';',
      textBlock =
          """
          -j x    ; 'x'
          -j -1   ; '-1'
          -j=4    ; '=4'
          -r 256  ; '256'
          -m 65536; '65536'
          -N 30   ; '30'
          -N -1   ; '-1'
          -c both ; 'both'
          -E x    ; 'x'
          -E 2m1h ; '2m1h'
          """)
  void badValuesAreShown(String line, String shown) {
    assertThat(parse(new LmakeCommand().spec(), line)).startsWith("! ").contains(shown.replace("''", "'"));
  }

  @Test
  void helpHasOneAlignedLinePerOption() {
    List<String> lines = new LshowCommand().spec().usage("/opt/lmake").lines().toList();
    assertThat(lines).startsWith("lshow [options] [file ...]", ToolSpec.VERSION, "keys (exactly 1) :");
    assertThat(lines).contains("flags :", "  -b or --bom          : sources needed to build the file");
    assertThat(lines).endsWith("consider :", "  man lshow", "  /opt/lmake/doc/index.html");
    List<String> rows = lines.stream().filter(line -> line.startsWith("  -")).toList();
    assertThat(rows).hasSize(new LshowCommand().spec().options().size());
    assertThat(rows.stream().map(row -> row.indexOf(" : ")).distinct()).hasSize(1);
  }

  @Test
  void completionKnowsOptionsAndWords() {
    String script = new Parser(new LmakeCommand().spec()).completion();
    assertThat(script).contains("--keep-tmp", "complete -F", "upload");
  }

  @ParameterizedTest(name = "lshow {0}")
  @CsvSource(
      delimiter = ';',
      textBlock =
          """
          a          ; ! one of
          -i -d a    ; ! cannot have both --info and --deps
          -i -i      ; ! cannot have both --info and --info
          -id        ; ! cannot have both --info and --deps
          -iv a      ; info verbose | a
          -p -d a    ; deps porcelaine | a
          a -i       ; info | a
          --why a    ; why | a
          -e -R r -Jv x ; job rule=r stderr verbose | x
          """)
  void lshowNeedsOneKind(String line, String meaning) {
    assertThat(parse(new LshowCommand().spec(), line)).startsWith(meaning);
  }
}

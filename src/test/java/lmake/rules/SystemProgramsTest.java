package lmake.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which programs may be executed without a shell: those nobody could depend on. */
final class SystemProgramsTest {
  @TempDir Path dir;

  @ParameterizedTest(name = "{0} in {1}")
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          # word        | PATH                 | libraries    | source dir   | found
          env           | /usr/bin:/bin        | -            | -            | /usr/bin/env
          env           | /usr/nope:/usr/bin   | -            | -            | /usr/bin/env
          /usr/bin/env  | .                    | -            | -            | /usr/bin/env
          env           | .:/usr/bin           | -            | -            | -
          env           | :/usr/bin            | -            | -            | -
          env           | /usr/bin:.           | -            | -            | /usr/bin/env
          env           | /repo/bin:/usr/bin   | -            | -            | -
          env           | /home/me:/usr/bin    | -            | -            | -
          env           | /lmake/bin:/usr/bin  | -            | -            | /usr/bin/env
          env           | ~/bin:/usr/bin       | -            | -            | -
          env           | /usr/../r:/usr/bin   | -            | -            | -
          env           | /usr/bin             | /repo/lib    | -            | -
          env           | /usr/bin             | /usr/lib     | -            | /usr/bin/env
          env           | /usr/bin             | .            | -            | -
          env           | /usr/bin             | -            | /usr/bin/    | -
          env           | /usr/bin             | -            | /usr/        | -
          env           | /usr/bin             | -            | /usr/share/  | /usr/bin/env
          env           | /usr/bin             | -            | ../usr/bin/  | -
          no-such-thing | /usr/bin             | -            | -            | -
          ./env         | /usr/bin             | -            | -            | -
          bin/env       | /usr/bin             | -            | -            | -
          -             | /usr/bin             | -            | -            | -
          """)
  void onlySystemPrograms(String word, String path, String libraries, String sourceDir, String found) {
    SystemPrograms programs = new SystemPrograms("/repo", "/lmake", sourceDir == null ? List.of() : List.of(sourceDir));
    Map<String, String> environ =
        libraries == null ? Map.of("PATH", path) : Map.of("PATH", path, "LD_LIBRARY_PATH", libraries);
    assertEquals(found, programs.find(word == null ? "-" : word, environ).orElse(null));
  }

  @Test
  void withoutPathTheShellDecides() {
    assertEquals(true, new SystemPrograms("/repo", "/lmake", List.of()).find("env", Map.of()).isEmpty());
  }

  @Test
  void whatOnlyAShellCanRun() throws IOException {
    SystemPrograms programs = new SystemPrograms("/repo", dir.toRealPath().toString(), List.of());
    assertEquals(true, finds(programs, script("good", "#!/usr/bin/env python3\n")));
    assertEquals(true, finds(programs, script("spaced", "#! /bin/sh -e\n")));
    assertEquals(false, finds(programs, script("bare", "exit 0\n")));
    assertEquals(false, finds(programs, script("empty", "")));
    assertEquals(false, finds(programs, script("relative", "#!bin/sh\n")));
    assertEquals(false, finds(programs, script("ours", "#!/repo/sh\n")));
    Files.createSymbolicLink(dir.resolve("link"), Path.of("/usr/bin/env"));
    assertEquals(true, finds(programs, dir.toRealPath().resolve("link")));
    SystemPrograms inside = new SystemPrograms(Path.of("/usr/bin").toRealPath().toString(), dir.toRealPath().toString(), List.of());
    assertEquals(false, finds(inside, dir.toRealPath().resolve("link")));
  }

  private static boolean finds(SystemPrograms programs, Path file) {
    return programs.find(file.toString(), Map.of()).isPresent();
  }

  private Path script(String name, String text) throws IOException {
    Path file = dir.toRealPath().resolve(name);
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    return file;
  }
}

package lmake;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Which part may use which: any group to its right, never its own group. */
final class ArchitectureTest {
  private static final Rooms JAVA =
      Rooms.of("server > command backend cache > report > engine > autodep store > rules wire > graph > base");
  private static final Rooms NATIVE = Rooms.of("lautodep > client agent > trace preload audit lib > access > wire");
  private static final Pattern INCLUDE = Pattern.compile("(?m)^#\\s*include\\s+\"(?:\\.\\./)*(\\w+)/");

  @Test
  void packagesUseOnlyWhatStandsToTheirRight() {
    Stream<String> wrong = uses().filter(use -> isOurs(use.getTargetClass()))
        .filter(use -> !JAVA.allows(room(use.getOriginClass()), room(use.getTargetClass())))
        .map(Dependency::getDescription);
    assertThat(wrong.collect(joining("\n"))).isEmpty();
  }

  @Test
  void eachLibraryStaysInOnePackage() {
    Stream<String> wrong = uses().filter(use -> misplaced(use, "org.lmdbjava", "store") || misplaced(use, "picocli", "command"))
        .map(Dependency::getDescription);
    assertThat(wrong.collect(joining("\n"))).isEmpty();
  }

  @Test
  void nativeFoldersIncludeOnlyWhatStandsToTheirRight() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("native"))) {
      List<String> wrong = files.filter(file -> file.toString().matches(".*\\.[ch]")).flatMap(ArchitectureTest::wrongIncludes).toList();
      assertThat(wrong).isEmpty();
    }
  }

  private static Stream<Dependency> uses() {
    ArchConfiguration.get().setResolveMissingDependenciesFromClassPath(false); // names are enough
    return new ClassFileImporter().importPath(Path.of("target", "classes")).stream()
        .flatMap(type -> type.getDirectDependenciesFromSelf().stream());
  }

  private static boolean misplaced(Dependency use, String library, String home) {
    return use.getTargetClass().getPackageName().startsWith(library) && !room(use.getOriginClass()).equals(home);
  }

  private static boolean isOurs(JavaClass type) {
    return type.getPackageName().startsWith("lmake.");
  }

  /** {@code lmake.store.Codec} is in the room {@code store}. */
  private static String room(JavaClass type) {
    return type.getPackageName().split("\\.")[1];
  }

  private static Stream<String> wrongIncludes(Path file) {
    String folder = file.getName(1).toString();
    try {
      return INCLUDE.matcher(Files.readString(file)).results().map(include -> include.group(1))
          .filter(included -> !NATIVE.allows(folder, included)).map(included -> file + " includes " + included);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Groups of names, the ones that know most first. */
  private record Rooms(List<List<String>> groups) {
    static Rooms of(String text) {
      return new Rooms(Arrays.stream(text.split(" > ")).map(group -> List.of(group.split(" "))).toList());
    }

    boolean allows(String from, String to) {
      return from.equals(to) || place(from) < place(to);
    }

    private int place(String name) {
      for (int i = 0; i < groups.size(); i++) {
        if (groups.get(i).contains(name)) {
          return i;
        }
      }
      throw new AssertionError(name + " is not in " + groups);
    }
  }
}

package lmake.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Which commands are executed without a shell: only those for which nobody could tell. */
final class ShellWordsTest {
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '¦',
      quoteCharacter = '\1',
      textBlock =
          """
          cat a                      ¦ cat,a
          cat  a\tb                  ¦ cat,a,b
          gcc -c -o a.o a.c          ¦ gcc,-c,-o,a.o,a.c
          gcc -DX=1 -std=c11 a.c     ¦ gcc,-DX=1,-std=c11,a.c
          /usr/bin/env A=1 b         ¦ /usr/bin/env,A=1,b
          dd if=a of=b               ¦ dd,if=a,of=b
          ./run.sh                   ¦ ./run.sh
          a/b c@d e+f g,h i:j        ¦ a/b,c@d,e+f,g,h,i:j
          date +%s                   ¦ date,+%s
          x %1                       ¦ x,%1
          g++ --version              ¦ g++,--version
          -x                         ¦ -x
          2to3 a                     ¦ 2to3,a
          echoes a                   ¦ echoes,a
          cat if then do             ¦ cat,if,then,do
          cat cd                     ¦ cat,cd
          /bin/echo a                ¦ /bin/echo,a
          cat =a                     ¦ cat,=a
          cat a= b==c                ¦ cat,a=,b==c
          @x                         ¦ @x
          """)
  void plainWords(String text, String words) {
    assertEquals(words, String.join(",", ShellWords.plain(text).orElseThrow()));
  }

  static Stream<String> needsAShell() {
    return Stream.of(
        "", " ", "\n", "\t\n ", "echo a", "cd x", "true", "false", ":", ".", ". x", "[ a", "[[ a", "test -f a", "exit", "exit 3", "set",
        "if", "for", "while x", "time cat a", "function f", "coproc x", "select x", "in", "{ cat", "}", "! cat a", "printf x",
        "exec cat", "eval cat", "source x", "type cat", "pwd", "read a", "wait", "kill 1", "command cat", "builtin x", "enable x",
        "ulimit", "umask", "unset x", "A=1", "A=1 cat", "a[0]=1 x", "A+=1 x", "x=y=z", "=x y", "%1", "%%", "%- x",
        "cat 'a'", "cat \"a\"", "cat `a`", "cat $a", "cat \\a", "cat a\\", "cat a&", "cat a;", "cat a|b", "cat <a", "cat >a",
        "cat 2>a", "cat (a)", "cat a)", "cat {a,b}", "cat {a}", "cat *", "cat a?", "cat [a]", "cat a]", "cat ~", "cat a=~/b", "~/x",
        "cat #a", "cat a#b", "#", "cat ^a", "cat !a", "cat a\nb", "cat a\rb", "cat a\u000bb", "cat é", "cat a\u00a0b", "cat \udc80",
        "cat a\0b", "cat a\u007f");
  }

  @ParameterizedTest
  @MethodSource("needsAShell")
  void theShellIsNeeded(String text) {
    assertTrue(ShellWords.plain(text).isEmpty(), text);
  }

  @Test
  void blanksAtBothEndsDoNotCount() {
    assertEquals(List.of("cat", "a"), ShellWords.plain("\n\t cat a \n\n").orElseThrow());
  }

  @ParameterizedTest
  @CsvSource({"BASH_ENV", "BASH_FUNC_cat%%", "BASHOPTS", "ENV", "SHELLOPTS", "POSIXLY_CORRECT", "IFS", "PWD", "SHLVL", "_", "PS4", "LC_ALL"})
  void someVariablesNeedTheShell(String key) {
    assertTrue(ShellWords.plain("cat a", Map.of(key, "x")).isEmpty());
  }

  @Test
  void otherVariablesDoNot() {
    assertTrue(ShellWords.plain("cat a", Map.of("PATH", "/bin", "HOME", "/h", "UID", "0", "LC_ALL", "C", "a-b", "1")).isPresent());
  }

  /** The list of words that are the shell's own is that of the shell of this host, or longer. */
  @Test
  void noBuiltinIsForgotten() throws IOException, InterruptedException {
    Process bash = new ProcessBuilder("/bin/bash", "--norc", "-c", "compgen -b; compgen -k").start();
    String words = new String(bash.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    assertEquals(0, bash.waitFor());
    for (String word : words.split("\n")) assertTrue(ShellWords.plain(word + " x").isEmpty(), word);
  }

  /** A shell and a direct execution of the same plain command give the same environment. */
  @Test
  void shellAddsToTheEnvironmentWhatWeAdd() throws IOException, InterruptedException {
    Map<String, String> base = Map.of("PATH", "/usr/bin:/bin", "HOME", "/h", "UID", "77", "USER", "u", "TMPDIR", "/t", "LD_LIBRARY_PATH", "");
    Map<String, String> ours = new java.util.TreeMap<>(base);
    String root = java.nio.file.Path.of("").toRealPath().toString();
    LaunchEnv.Programs programs = new SystemPrograms("/nowhere", "/nowhere2", List.of());
    ours.put("PWD", root);
    ours.put("SHLVL", "0");
    ours.put("_", programs.find("env", base).orElseThrow());
    ProcessBuilder builder = new ProcessBuilder("/bin/bash", "-c", "env");
    builder.environment().clear();
    builder.environment().putAll(base);
    Process bash = builder.start();
    Map<String, String> theirs = new java.util.TreeMap<>();
    for (String line : new String(bash.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8).split("\n")) {
      theirs.put(line.substring(0, line.indexOf('=')), line.substring(line.indexOf('=') + 1));
    }
    assertEquals(0, bash.waitFor());
    assertEquals(ours, theirs);
  }
}

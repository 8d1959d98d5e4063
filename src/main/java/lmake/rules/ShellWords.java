package lmake.rules;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Tells the commands a shell would only split into words and execute, so that the shell, a third of the time of a short job,
 * can be left out. Whatever is not known to be plain needs the shell.
 */
final class ShellWords {
  /** Builtins and reserved words of bash 5.2 ({@code compgen -b; compgen -k}); those that hold a special character are out. */
  private static final Set<String> SHELL_OWN =
      Set.of(
          (". : alias bg bind break builtin caller cd command compgen complete compopt continue declare dirs disown echo enable"
                  + " eval exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd"
                  + " printf pushd pwd read readarray readonly return set shift shopt source suspend test times trap true type"
                  + " typeset ulimit umask unalias unset wait"
                  + " if then else elif fi case esac for select while until do done in function time coproc")
              .split(" "));

  /** Variables bash reads, sets anew or forgets when it starts: with one of them, what it would pass on is not the same. */
  private static final Set<String> SHELL_VARIABLES =
      Set.of(
          ("ENV POSIXLY_CORRECT SHELLOPTS PWD OLDPWD SHLVL _ IFS OPTIND OPTERR OPTARG PS0 PS1 PS2 PS4 LINENO PPID RANDOM SRANDOM"
                  + " SECONDS EPOCHREALTIME EPOCHSECONDS HISTCMD COMP_WORDBREAKS FUNCNAME FUNCNEST DIRSTACK GROUPS EUID"
                  + " PIPESTATUS")
              .split(" "));

  private static final Set<String> PLAIN_LOCALES = Set.of("", "C", "POSIX");

  private ShellWords() {}

  /** The words of a command a shell would execute as they are, in this environment; empty when it has more to do. */
  static Optional<List<String>> plain(String text, Map<String, String> environ) {
    for (String key : environ.keySet()) {
      if (SHELL_VARIABLES.contains(key) || key.startsWith("BASH")) return Optional.empty();
    }
    // Of a locale that is not there, bash complains on stderr.
    if (!PLAIN_LOCALES.contains(environ.getOrDefault("LC_ALL", "C"))) return Optional.empty();
    return plain(text);
  }

  static Optional<List<String>> plain(String text) {
    int from = 0;
    int to = text.length();
    while (from < to && blank(text.charAt(from), true)) from++;
    while (to > from && blank(text.charAt(to - 1), true)) to--;
    if (from == to) return Optional.empty();
    boolean first = true;
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      if (blank(c, false)) first = false;
      else if (!plain(c) && !(c == '=' && !first)) return Optional.empty();
    }
    List<String> words = List.of(text.substring(from, to).split("[ \t]+"));
    return shellOwn(words.get(0)) ? Optional.empty() : Optional.of(words);
  }

  private static boolean blank(char c, boolean newlineToo) {
    return c == ' ' || c == '\t' || newlineToo && c == '\n';
  }

  /** Characters that mean themselves wherever they are in a word, but for a first %, which names a job. */
  private static boolean plain(char c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "_./,:+@%-".indexOf(c) >= 0;
  }

  private static boolean shellOwn(String word) {
    return SHELL_OWN.contains(word) || word.startsWith("%");
  }
}

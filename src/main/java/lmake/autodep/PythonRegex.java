package lmake.autodep;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Regular expressions that reach us at run time ({@code ldepend -X}), in Python syntax. Those of rules were translated by the
 * reader, from Python's own parse of them; here is no Python, and what differs is rewritten token by token: named groups,
 * {@code \Z}, {@code {,n}}, and what Java alone sees in a class.
 */
final class PythonRegex {
  private static final int FLAGS = Pattern.DOTALL | Pattern.UNIX_LINES | Pattern.UNICODE_CHARACTER_CLASS;

  private final String regex;
  private final StringBuilder out = new StringBuilder();
  private final List<String> groups = new ArrayList<>(); // name of each group, empty for a plain one
  private int at;

  private PythonRegex(String regex) {
    this.regex = regex;
  }

  /** Empty when it is no regular expression Java can make anything of. */
  static Optional<Pattern> compile(String regex) {
    try {
      PythonRegex translation = new PythonRegex(regex);
      while (translation.at < regex.length()) translation.token();
      return Optional.of(Pattern.compile(translation.out.toString(), FLAGS));
    } catch (PatternSyntaxException | StringIndexOutOfBoundsException e) {
      return Optional.empty();
    }
  }

  private void token() {
    char c = regex.charAt(at);
    if (c == '\\') escape(false);
    else if (c == '[') charClass();
    else if (c == '(') group();
    else if (regex.startsWith("{,", at)) replace(2, "{0,");
    else replace(1, String.valueOf(c));
  }

  private void replace(int length, String with) {
    out.append(with);
    at += length;
  }

  private void escape(boolean inClass) {
    char c = regex.charAt(at + 1);
    if (c == 'Z' && !inClass) replace(2, "\\z");
    else if (c == 'b' && inClass) replace(2, "\\x08");
    else replace(2, "\\" + c);
  }

  private void group() {
    if (regex.startsWith("(?P<", at)) {
      int end = regex.indexOf('>', at);
      groups.add(regex.substring(at + 4, end));
      replace(end + 1 - at, "(");
    } else if (regex.startsWith("(?P=", at)) {
      int end = regex.indexOf(')', at);
      int number = groups.indexOf(regex.substring(at + 4, end)) + 1;
      if (number == 0) throw new PatternSyntaxException("unknown group", regex, at);
      replace(end + 1 - at, "(?:\\" + number + ")");
    } else {
      if (!regex.startsWith("(?", at)) groups.add("");
      replace(1, "(");
    }
  }

  /** In Python {@code [} and {@code &&} are plain characters of a class, and a first {@code ]} too. */
  private void charClass() {
    replace(1, "[");
    if (regex.charAt(at) == '^') replace(1, "^");
    if (regex.charAt(at) == ']') replace(1, "\\]");
    while (regex.charAt(at) != ']') {
      char c = regex.charAt(at);
      if (c == '\\') escape(true);
      else replace(1, c == '[' || c == '&' ? "\\" + c : String.valueOf(c));
    }
    replace(1, "]");
  }
}

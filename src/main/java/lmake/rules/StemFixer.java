package lmake.rules;

import java.util.regex.Pattern;

/**
 * Turns the pattern of a star target into the pattern of one job, by writing the values of static stems in place of their
 * groups. Matching greedily and comparing would miss names that several splits explain: with {@code {A:.*}-{B*:.*}}, {@code
 * x-y-z} belongs to the job {@code A=x} as well as to {@code A=x-y}.
 */
final class StemFixer {
  private final String regex;
  private final String[] held;
  private final StringBuilder out = new StringBuilder();
  private int group;

  private StemFixer(String regex, String[] held) {
    this.regex = regex;
    this.held = held;
  }

  /** {@code held[n]}: the text group n must be, null when it is free. */
  static Pattern fix(Pattern pattern, String[] held) {
    StemFixer fixer = new StemFixer(pattern.pattern(), held);
    fixer.copy();
    return Pattern.compile(fixer.out.toString(), pattern.flags());
  }

  private void copy() {
    for (int i = 0; i < regex.length(); ) {
      int next = token(i);
      if (capture(i) && held[++group] != null) {
        out.append('(').append(Pattern.quote(held[group]));
        i = skip(next);
        out.append(')');
      } else {
        out.append(regex, i, next);
        i = next;
      }
    }
  }

  /** Jumps behind the end of the group whose inside begins here; groups inside stay as empty ones, to keep numbers. */
  private int skip(int from) {
    int depth = 1;
    int i = from;
    while (depth > 0) {
      if (regex.charAt(i) == '(') depth++;
      if (regex.charAt(i) == ')') depth--;
      if (capture(i)) {
        group++;
        out.append("()");
      }
      i = token(i);
    }
    return i;
  }

  private boolean capture(int i) {
    if (regex.charAt(i) != '(') return false;
    if (!regex.startsWith("(?", i)) return true;
    return regex.startsWith("(?<", i) && !regex.startsWith("(?<=", i) && !regex.startsWith("(?<!", i);
  }

  /** Where the next token begins: an escape and a class are one token, so that what they hold is not taken for a paren. */
  private int token(int i) {
    char c = regex.charAt(i);
    if (c == '\\') return escape(i);
    return c == '[' ? charClass(i) : i + 1;
  }

  private int escape(int i) {
    if (!regex.startsWith("\\Q", i)) return i + 2;
    int end = regex.indexOf("\\E", i);
    return end < 0 ? regex.length() : end + 2;
  }

  private int charClass(int from) {
    int depth = 0;
    int i = from;
    do {
      char c = regex.charAt(i);
      if (c == '[') depth++;
      if (c == ']') depth--;
      i = c == '\\' ? escape(i) : i + 1;
    } while (depth > 0);
    return i;
  }
}

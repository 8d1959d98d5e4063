// Run by test_regex.py: matches patterns against subjects with java.util.regex, as the server does.
// stdin: two lines a case, pattern then subject, as hexadecimal UTF-16 units. stdout: "no", or the groups likewise.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

final class RegexCheck {
  public static void main(String[] args) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    StringBuilder out = new StringBuilder();
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.append(check(decode(line), decode(in.readLine()))).append('\n');
    }
    System.out.print(out);
  }

  private static String check(String pattern, String subject) {
    Matcher matcher;
    try {
      matcher = Pattern.compile(pattern, Pattern.DOTALL).matcher(subject);
    } catch (RuntimeException e) {
      return "error " + e.getMessage().replace('\n', ' ');
    }
    if (!matcher.matches()) return "no";
    StringBuilder groups = new StringBuilder("yes");
    for (int i = 1; i <= matcher.groupCount(); i++) {
      groups.append(' ').append(matcher.group(i) == null ? "-" : "x" + encode(matcher.group(i)));
    }
    return groups.toString();
  }

  private static String decode(String hex) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < hex.length(); i += 4) {
      text.append((char) Integer.parseInt(hex.substring(i, i + 4), 16));
    }
    return text.toString();
  }

  private static String encode(String text) {
    StringBuilder hex = new StringBuilder();
    for (char c : text.toCharArray()) hex.append(String.format("%04x", (int) c));
    return hex.toString();
  }
}

package lmake.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.grack.nanojson.JsonArray;
import com.grack.nanojson.JsonParser;
import com.grack.nanojson.JsonParserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The reader translates Python patterns to Java ones; here Java's side of the table by which its tests check Python's side:
 * columns are Python pattern, name, answer, groups, Java pattern, as JSON values.
 */
final class RegexTableTest {
  private static final Path TABLE = Path.of("src/test/python/regex_table.tsv");

  @Test
  void javaAnswersAsPythonDoes() throws IOException, JsonParserException {
    assumeTrue(Files.isDirectory(TABLE.getParent()), "the tests of the reader are not in this checkout");
    int rows = 0;
    List<String> wrong = new ArrayList<>();
    for (String line : Files.readAllLines(TABLE)) {
      if (line.isBlank() || line.startsWith("#")) continue;
      Object[] row = JsonParser.array().from("[" + line.replace('\t', ',') + "]").toArray();
      if (row[2].equals("refused")) continue;
      rows++;
      String found = answer((String) row[4], (String) row[1]);
      String expected = row[2].equals("match") ? "match " + groups((JsonArray) row[3]) : "no match";
      if (!found.equals(expected)) wrong.add(line + " gives " + found);
    }
    assertEquals(List.of(), wrong);
    assertEquals(true, rows > 70, "too short a table: " + rows + " rows");
  }

  private static String answer(String regex, String name) {
    Matcher matcher = Pattern.compile(regex, Pattern.DOTALL).matcher(name);
    if (!matcher.matches()) return "no match";
    List<String> groups = new ArrayList<>();
    for (int i = 1; i <= matcher.groupCount(); i++) groups.add(String.valueOf(matcher.group(i)));
    return "match " + groups;
  }

  private static String groups(JsonArray json) {
    return json.stream().map(String::valueOf).toList().toString();
  }
}

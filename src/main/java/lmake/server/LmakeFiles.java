package lmake.server;

import com.grack.nanojson.JsonArray;
import com.grack.nanojson.JsonObject;
import com.grack.nanojson.JsonParser;
import com.grack.nanojson.JsonParserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import lmake.base.Bug;
import lmake.rules.RuleBook;
import lmake.wire.PathBytes;

/**
 * Files below {@code LMAKE} that tell users what was understood of their makefiles; written after each reading, read
 * by nobody of ours. A file that did not change keeps its date: {@code manifest} and {@code environ} may be sources.
 * Engine's thread.
 */
final class LmakeFiles {
  private static final Path DIR = Path.of("LMAKE");

  private LmakeFiles() {}

  /** All of them, from a digest and what its reading depended on. */
  static void write(List<String> digest, RuleBook book, ReadDeps deps) throws IOException {
    StringBuilder config = new StringBuilder();
    StringBuilder rules = new StringBuilder();
    StringBuilder matching = new StringBuilder();
    for (String text : digest) {
      JsonObject line = parse(text);
      String kind = line.getString("kind");
      if (kind.equals("config")) show(config, "", without(line, "kind"));
      if (kind.equals("rule")) {
        rules.append(line.getString("name")).append(" :\n");
        show(rules, "\t", without(line, "kind"));
        match(matching, line);
      }
    }
    put("config", config.toString());
    put("rules", rules.toString());
    put("matching", matching.toString());
    put("manifest", manifest(book));
    put("environ", environ(deps));
    put("config_deps", deps(deps));
  }

  private static String manifest(RuleBook book) {
    List<String> names = new ArrayList<>(book.manifest().files());
    names.addAll(book.manifest().dirs());
    names.sort(null);
    return lines(names);
  }

  private static String environ(ReadDeps deps) {
    List<String> lines = new ArrayList<>();
    deps.environ().forEach((key, value) -> value.ifPresent(v -> lines.add(key + "=" + v)));
    return lines(lines);
  }

  private static String deps(ReadDeps deps) {
    List<String> lines = new ArrayList<>();
    lines.add("# * : lmake root");
    lines.add("# ~ : repo root");
    lines.add("# + : file exists");
    lines.add("# ! : file does not exist");
    lines.add("# = : environment variable");
    lines.add("*" + deps.installDir() + "/");
    lines.add("~" + deps.root() + "/");
    for (ReadDeps.File file : deps.files()) {
      if (file.state() != ReadDeps.DIR) lines.add((file.state() == ReadDeps.ABSENT ? "!" : "+") + file.name());
    }
    deps.environ().forEach((key, value) -> lines.add("=" + key + value.map(v -> "=" + v).orElse("")));
    return lines(lines);
  }

  private static void match(StringBuilder out, JsonObject rule) {
    for (Object one : rule.getArray("targets", new JsonArray())) {
      JsonObject target = (JsonObject) one;
      out.append(target.getString("prefix", "")).append('*').append(target.getString("suffix", "")).append(" :\n\t");
      out.append(rule.get("prio")).append(' ').append(rule.getString("name")).append(' ');
      out.append(target.getString("key", "")).append('\n');
    }
  }

  private static Map<String, Object> without(JsonObject object, String key) {
    Map<String, Object> rest = new TreeMap<>(object);
    rest.remove(key);
    return rest;
  }

  private static void show(StringBuilder out, String indent, Map<?, ?> values) {
    values.forEach((key, value) -> {
      out.append(indent).append(key).append(" :");
      if (value instanceof Map<?, ?> map) show(out.append('\n'), indent + "\t", map);
      else if (value instanceof List<?> list && list.stream().anyMatch(one -> one instanceof Map)) {
        out.append('\n');
        for (Object one : list) {
          if (one instanceof Map<?, ?> map) show(out.append(indent).append("\t-\n"), indent + "\t\t", map);
          else out.append(indent).append("\t- ").append(one).append('\n');
        }
      } else out.append(' ').append(String.valueOf(value).replace("\n", "\n" + indent + "\t")).append('\n');
    });
  }

  private static String lines(List<String> lines) {
    return lines.isEmpty() ? "" : String.join("\n", lines) + "\n";
  }

  private static void put(String name, String text) throws IOException {
    byte[] bytes = PathBytes.encode(text);
    Path file = DIR.resolve(name);
    if (Files.isRegularFile(file) && Arrays.equals(Files.readAllBytes(file), bytes)) return;
    Path fresh = DIR.resolve(name + ".new");
    Files.write(fresh, bytes);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }

  static JsonObject parse(String line) {
    try {
      return JsonParser.object().from(line);
    } catch (JsonParserException e) {
      throw Bug.of("a line of the digest is no JSON: %s: %s", e.getMessage(), line);
    }
  }
}

package lmake.rules;

import com.grack.nanojson.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import lmake.base.Bug;
import lmake.rules.Evaluator.EvalError;
import lmake.rules.Launch.Form;

/** What a job of a rule is told to run: interpreter, command, environment, resources. Immutable. */
final class Recipe {
  /** A longer command goes through a file: the kernel takes no argument above 128 KiB. */
  private static final int LONGEST_ARGUMENT = 64 << 10;

  /** What this version cannot give. */
  private static final List<String> BEYOND =
      List.of(
          "chroot_dir", "chroot_actions", "repo_view", "tmp_view", "lmake_view", "views", "kill_daemons", "lmake_root",
          "check_abs_paths", "mount_chroot_ok");

  private static final List<String> DEFAULT_SHELL = List.of(LaunchEnv.SHELL);

  private final boolean python;
  private final List<Expr> interpreter;
  private final Optional<Expr> wholeInterpreter; // a function that gives all its words
  private final Expr cmd; // of a shell rule
  private final String source; // of a python rule
  private final List<String> vars; // that the source needs
  private final Environ environ;
  private final Map<String, Expr> resources = new LinkedHashMap<>();
  private final Optional<Expr> wholeResources;
  private final boolean hasStdin;
  private final boolean hasStdout;

  private Recipe(JsonObject line, Map<Integer, Expr.Code> codes) {
    python = line.has("python");
    Object words = line.get(python ? "python" : "shell");
    boolean whole = words instanceof JsonObject;
    wholeInterpreter = whole ? Optional.of(Expr.of(words, codes)) : Optional.empty();
    interpreter = new ArrayList<>();
    if (words instanceof List<?> list) for (Object word : list) interpreter.add(Expr.of(word, codes));
    JsonObject text = python ? Digest.object(line, "cmd") : new JsonObject();
    cmd = python ? new Expr.Const("") : Expr.of(line.get("cmd"), codes);
    source = python ? Digest.text(text, "text") : "";
    vars = List.copyOf(Digest.texts(Digest.array(text, "vars")));
    environ = Environ.of(line, codes);
    JsonObject asked = Digest.object(line, "resources");
    boolean function = asked.get("code") instanceof Number;
    wholeResources = function ? Optional.of(Expr.of(asked, codes)) : Optional.empty();
    if (!function) asked.forEach((key, value) -> resources.put(key, Expr.of(value, codes)));
    hasStdin = line.get("stdin") != null;
    hasStdout = line.get("stdout") != null;
  }

  static Recipe of(JsonObject line, Map<Integer, Expr.Code> codes) {
    return new Recipe(line, codes);
  }

  Resources resources(Scope scope) throws EarlyError {
    return Resources.of(resources, wholeResources, scope);
  }

  /** A job that ran otherwise than asked would do so in silence. */
  private static void refuseBeyond(Attrs attrs, Scope scope) throws EarlyError, EvalError {
    for (String name : BEYOND) {
      if (!attrs.asks(name, scope)) continue;
      String rule = scope.rule().where() + ": rule " + scope.rule().name();
      throw new EarlyError(rule + ": " + name + " is not available in this version", "  consider : a rule without it");
    }
  }

  /** The scope must know deps and resources. */
  Launch launch(Scope scope, LaunchEnv site) throws EarlyError {
    Attrs attrs = scope.rule().attrs();
    Map<String, String> raw = environ.values(scope, site.backendEnviron());
    String doing = "attributes";
    try {
      refuseBeyond(attrs, scope);
      doing = "keep_tmp";
      boolean keep = attrs.bool("keep_tmp", scope, false);
      String tmpDir = site.tmp().dir(tmpBase(raw.get("TMPDIR"), site), keep);
      Map<String, String> values = replaced(raw, site, tmpDir);
      doing = python ? "python" : "shell";
      List<String> words = interpreter(scope, site, tmpDir);
      doing = "cmd";
      String text = python ? prelude(scope) + source : cmd.text(scope);
      doing = "use_script";
      boolean script = attrs.bool("use_script", scope, false) || tooLong(text);
      boolean bash = !script && !python && words.equals(DEFAULT_SHELL);
      Optional<Direct> direct = bash ? direct(text, values, site) : Optional.empty();
      direct.ifPresent(d -> values.putAll(d.shellVariables()));
      doing = "attributes of the execution";
      return new Launch(
          direct.isPresent() ? Form.DIRECT : script ? Form.SCRIPT : Form.TEXT, words, text,
          direct.map(Direct::words).orElse(List.of()), lines(values), raw, stdin(scope), stdout(scope), tmpDir, keep,
          timeoutMs(attrs, scope), attrs.integers("kill_sigs", scope), autodep(attrs, scope),
          attrs.bool("auto_mkdir", scope, false), attrs.bool("stderr_ok", scope, false),
          attrs.bool("readdir_ok", scope, false), attrs.bool("check_abs_paths", scope, false),
          attrs.real("start_delay", scope, 3), (int) attrs.real("max_stderr_len", scope, 100));
    } catch (EvalError e) {
      throw EarlyError.of(doing, e);
    }
  }

  private static Optional<String> tmpBase(String value, LaunchEnv site) throws EarlyError {
    if (value == null || value.isEmpty()) return Optional.empty();
    String base = site.replace(value, "");
    if (base.startsWith("/")) return Optional.of(base);
    throw new EarlyError("TMPDIR is not absolute : " + base, "  consider : environ = {'TMPDIR': '$REPO_ROOT/" + base + "'}");
  }

  /** TMPDIR first; the value the rule gives it only chose where it is. */
  private static Map<String, String> replaced(Map<String, String> raw, LaunchEnv site, String tmpDir) throws EarlyError {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("TMPDIR", tmpDir);
    for (Map.Entry<String, String> entry : raw.entrySet()) {
      if (entry.getKey().equals("TMPDIR")) continue;
      String value = site.replace(entry.getValue(), tmpDir);
      if (value.indexOf('\0') >= 0) throw new EarlyError("environ." + entry.getKey() + " : a value cannot hold a null byte");
      values.put(entry.getKey(), value);
    }
    return values;
  }

  private static List<String> lines(Map<String, String> values) {
    return values.entrySet().stream().map(entry -> entry.getKey() + "=" + entry.getValue()).toList();
  }

  private List<String> interpreter(Scope scope, LaunchEnv site, String tmpDir) throws EvalError {
    List<String> words = new ArrayList<>();
    if (wholeInterpreter.isPresent()) {
      Object value = wholeInterpreter.get().value(scope);
      if (value instanceof List<?> list) list.forEach(word -> words.add(Python.str(word)));
      else if (value != null) words.add(Python.str(value));
    }
    for (Expr word : interpreter) words.add(word.text(scope));
    if (words.isEmpty()) words.add(python ? "$PYTHON" : "$SHELL");
    words.set(0, site.replace(words.get(0), tmpDir));
    return words;
  }

  private static boolean tooLong(String text) {
    return text.length() > LONGEST_ARGUMENT / 3 && text.getBytes(StandardCharsets.UTF_8).length > LONGEST_ARGUMENT;
  }

  /** {@code name = literal} lines for the names the source needs. */
  private String prelude(Scope scope) {
    StringBuilder lines = new StringBuilder();
    for (String name : vars) {
      scope.find(name).ifPresent(value -> lines.append(name).append(" = ").append(Python.literal(value)).append('\n'));
    }
    return lines.toString();
  }

  /** A command without its shell, and what the shell would have added to its environment. */
  private record Direct(List<String> words, Map<String, String> shellVariables) {}

  private static Optional<Direct> direct(String text, Map<String, String> values, LaunchEnv site) {
    Optional<List<String>> words = ShellWords.plain(text, values);
    if (words.isEmpty()) return Optional.empty();
    return site.programs().find(words.get().get(0), values).map(file -> {
      Map<String, String> added = new LinkedHashMap<>();
      added.put("PWD", site.repoRoot());
      added.put("SHLVL", "0");
      added.put("_", file);
      return new Direct(words.get(), added);
    });
  }

  private String stdin(Scope scope) {
    return hasStdin ? scope.deps().map(deps -> deps.getOrDefault("dep", "")).orElse("") : "";
  }

  private String stdout(Scope scope) {
    if (!hasStdout) return "";
    TargetEntry target = scope.rule().entry("target");
    Bug.check(target != null, "digest: rule %s has stdout but no target", scope.rule().name());
    return target.name(scope.stems());
  }

  private static int timeoutMs(Attrs attrs, Scope scope) throws EvalError {
    double seconds = attrs.real("timeout", scope, 0);
    if (!(seconds >= 0)) throw new EvalError("timeout: " + seconds + " is negative");
    return (int) Math.min(Integer.MAX_VALUE, Math.ceil(seconds * 1000));
  }

  private static String autodep(Attrs attrs, Scope scope) throws EvalError {
    String given = attrs.text("autodep", scope, "hybrid");
    String name = given.replaceAll("(?<=.)([A-Z])", "_$1").toLowerCase(java.util.Locale.ROOT);
    if (Launch.tracer(name) < 0) throw new EvalError("autodep: '" + given + "' is no method");
    return name;
  }
}

package lmake.rules;

import com.grack.nanojson.JsonObject;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lmake.base.Bug;
import lmake.rules.Evaluation.Part;
import lmake.rules.Evaluator.EvalError;

/** The attributes of a rule that are plain values, or Python that gives one. Immutable. */
final class Attrs {
  private static final Set<String> RESOURCES =
      Set.of(
          "backend", "timeout", "autodep", "check_abs_paths", "chroot_actions", "lmake_root", "readdir_ok", "stderr_ok",
          "use_script");
  private static final Set<String> ANCILLARY =
      Set.of("cache", "compression", "keep_tmp", "kill_daemons", "kill_sigs", "max_stderr_len", "start_delay");

  private final Map<String, Expr> exprs;

  private Attrs(Map<String, Expr> exprs) {
    this.exprs = exprs;
  }

  static Attrs of(JsonObject json, Map<Integer, Expr.Code> codes) {
    Map<String, Expr> exprs = new HashMap<>();
    json.forEach((key, value) -> {
      if (!key.equals("views")) exprs.put(key, Expr.of(value, codes)); // a dict: IsolationReader
    });
    return new Attrs(exprs);
  }

  /** For an attribute that is never dynamic. */
  boolean bool(String name, boolean fallback) {
    Object value = constant(name);
    return value == null ? fallback : truth(value);
  }

  /** For an attribute that is never dynamic. */
  int integer(String name, int fallback) {
    Object value = constant(name);
    if (value == null) return fallback;
    Bug.check(value instanceof Number, "digest: %s is no number but %s", name, value);
    return ((Number) value).intValue();
  }

  /** For an attribute that is never dynamic. */
  double real(String name, double fallback) {
    Object value = constant(name);
    return value instanceof Number n ? n.doubleValue() : fallback;
  }

  private Object constant(String name) {
    Expr expr = exprs.get(name);
    if (expr == null) return null;
    if (expr instanceof Expr.Const c) return c.value();
    throw Bug.of("digest: %s cannot depend on the job", name);
  }

  boolean bool(String name, Scope scope, boolean fallback) throws EvalError {
    return get(name, scope, fallback, Attrs::truth);
  }

  /** None keeps the default; anything that is no number is a mistake of the rule. */
  double real(String name, Scope scope, double fallback) throws EvalError {
    return get(name, scope, fallback, value -> number(name, value));
  }

  private static double number(String name, Object value) throws EvalError {
    try {
      return value instanceof Number n ? n.doubleValue() : Double.parseDouble(Python.str(value).strip());
    } catch (NumberFormatException e) {
      throw new EvalError(name + ": " + Python.literal(value) + " is no number");
    }
  }

  String text(String name, Scope scope, String fallback) throws EvalError {
    return get(name, scope, fallback, Python::str);
  }

  /** A list of numbers; a lone one is a list too. */
  List<Integer> integers(String name, Scope scope) throws EvalError {
    return get(name, scope, List.of(), value -> integers(name, value));
  }

  private static List<Integer> integers(String name, Object value) throws EvalError {
    List<?> items = value instanceof List<?> list ? list : List.of(value);
    for (Object item : items) {
      if (!(item instanceof Number)) throw new EvalError(name + ": " + Python.literal(item) + " is no int");
    }
    return items.stream().map(item -> ((Number) item).intValue()).toList();
  }

  /** A list of texts; a lone one is a list too. */
  List<String> texts(String name, Scope scope) throws EvalError {
    Object value = value(name, scope);
    if (value == null) return List.of();
    List<?> items = value instanceof List<?> list ? list : List.of(value);
    return items.stream().map(Python::str).toList();
  }

  /** What to make of a value of Python. */
  private interface Converter<T> {
    T of(Object value) throws EvalError;
  }

  /** An ancillary value that cannot be had is no reason not to run the job. */
  private <T> T get(String name, Scope scope, T fallback, Converter<T> converter) throws EvalError {
    try {
      Object value = value(name, scope);
      return value == null ? fallback : converter.of(value);
    } catch (EvalError e) {
      if (part(name) != Part.ANCILLARY) throw e;
      scope.complain(name, e);
      return fallback;
    }
  }

  private Object value(String name, Scope scope) throws EvalError {
    Expr expr = exprs.get(name);
    return expr == null ? null : expr.value(scope.as(part(name)));
  }

  private static Part part(String name) {
    if (RESOURCES.contains(name)) return Part.RESOURCES;
    return ANCILLARY.contains(name) ? Part.ANCILLARY : Part.CMD;
  }

  /** Python's bool(). */
  private static boolean truth(Object value) {
    if (value instanceof Boolean b) return b;
    if (value instanceof Number n) return n.doubleValue() != 0;
    if (value instanceof String s) return !s.isEmpty();
    if (value instanceof List<?> list) return !list.isEmpty();
    return !(value instanceof Map<?, ?> map) || !map.isEmpty();
  }
}

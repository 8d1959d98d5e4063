package lmake.rules;

import com.grack.nanojson.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import lmake.rules.Evaluator.EvalError;

/** The three environments of a rule. Immutable. */
final class Environ {
  /** Those that come first win. */
  private static final List<String> FIELDS = List.of("environ", "environ_resources", "environ_ancillary");

  /** One of them: {@code whole} is a function that gives it all. */
  private record Part(String field, Map<String, Expr> exprs, Optional<Expr> whole) {}

  private final List<Part> parts;

  private Environ(List<Part> parts) {
    this.parts = parts;
  }

  static Environ of(JsonObject rule, Map<Integer, Expr.Code> codes) {
    return new Environ(FIELDS.stream().map(field -> part(rule, field, codes)).toList());
  }

  private static Part part(JsonObject rule, String field, Map<Integer, Expr.Code> codes) {
    JsonObject json = Digest.object(rule, field);
    if (json.get("code") instanceof Number) return new Part(field, Map.of(), Optional.of(Expr.of(json, codes)));
    Map<String, Expr> exprs = new LinkedHashMap<>();
    json.forEach((key, value) -> exprs.put(key, Expr.of(value, codes)));
    return new Part(field, exprs, Optional.empty());
  }

  /**
   * Values for one job, before keys are replaced; a variable whose value is None, or that the backend does not have, is left
   * out. An ancillary value that cannot be computed is left out too: it has no effect on what the job makes.
   */
  Map<String, String> values(Scope scope, Map<String, String> backend) throws EarlyError {
    Map<String, String> values = new LinkedHashMap<>();
    for (Part part : parts) {
      String doing = part.field();
      try {
        if (part.whole().isPresent() && part.whole().get().value(scope) instanceof Map<?, ?> map) {
          map.forEach((key, value) -> put(values, String.valueOf(key), value, backend));
        }
        for (Map.Entry<String, Expr> entry : part.exprs().entrySet()) {
          doing = part.field() + "." + entry.getKey();
          put(values, entry.getKey(), entry.getValue().value(scope), backend);
        }
      } catch (EvalError e) {
        if (!part.field().equals("environ_ancillary")) throw EarlyError.of(doing, e);
      }
    }
    values.values().removeIf(value -> value == null);
    return values;
  }

  /** A null is kept for now, so that a later environment does not fill the place. */
  private static void put(Map<String, String> values, String key, Object value, Map<String, String> backend) {
    if (values.containsKey(key)) return;
    if (value instanceof JsonObject json && Boolean.TRUE.equals(json.get("backend"))) values.put(key, backend.get(key));
    else values.put(key, value == null ? null : Python.str(value));
  }
}

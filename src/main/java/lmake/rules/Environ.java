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

  /** In the same order. */
  private static final List<Evaluation.Part> PARTS = List.of(Evaluation.Part.values());

  /** One of them: {@code whole} is a function that gives it all. */
  private record Field(String name, Evaluation.Part part, Map<String, Expr> exprs, Optional<Expr> whole) {}

  private final List<Field> fields;

  private Environ(List<Field> fields) {
    this.fields = fields;
  }

  static Environ of(JsonObject rule, Map<Integer, Expr.Code> codes) {
    return new Environ(FIELDS.stream().map(field -> field(rule, field, codes)).toList());
  }

  private static Field field(JsonObject rule, String name, Map<Integer, Expr.Code> codes) {
    JsonObject json = Digest.object(rule, name);
    Evaluation.Part part = PARTS.get(FIELDS.indexOf(name));
    if (json.get("code") instanceof Number) return new Field(name, part, Map.of(), Optional.of(Expr.of(json, codes)));
    Map<String, Expr> exprs = new LinkedHashMap<>();
    json.forEach((key, value) -> exprs.put(key, Expr.of(value, codes)));
    return new Field(name, part, exprs, Optional.empty());
  }

  /**
   * Values for one job, before keys are replaced; a variable whose value is None, or that the backend does not have, is left
   * out. An ancillary value that cannot be computed is left out too: it has no effect on what the job makes.
   */
  Map<String, String> values(Scope scope, Map<String, String> backend) throws EarlyError {
    Map<String, String> values = new LinkedHashMap<>();
    for (Field field : fields) {
      String doing = field.name();
      Scope inPart = scope.as(field.part());
      try {
        if (field.whole().isPresent() && field.whole().get().value(inPart) instanceof Map<?, ?> map) {
          map.forEach((key, value) -> put(values, String.valueOf(key), value, backend));
        }
        for (Map.Entry<String, Expr> entry : field.exprs().entrySet()) {
          doing = field.name() + "." + entry.getKey();
          put(values, entry.getKey(), entry.getValue().value(inPart), backend);
        }
      } catch (EvalError e) {
        if (field.part() != Evaluation.Part.ANCILLARY) throw EarlyError.of(doing, e);
        scope.complain(doing, e);
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

package lmake.rules;

import com.grack.nanojson.JsonArray;
import com.grack.nanojson.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import lmake.base.Bug;
import lmake.rules.Evaluator.EvalError;

/** A value of a rule that may depend on the job: a constant, a text with plain names, or Python. Immutable but for a cache. */
sealed interface Expr {
  /** What it is worth for one job: String, Number, Boolean, null, JsonArray, JsonObject. */
  Object value(Scope scope) throws EvalError;

  /** As Python's {@code str()} would give it; the empty text for None. */
  default String text(Scope scope) throws EvalError {
    return Python.str(value(scope));
  }

  /** An expr of the digest, or a plain value, which stands for itself. */
  static Expr of(Object json, Map<Integer, Code> codes) {
    if (!(json instanceof JsonObject o)) return new Const(json);
    if (o.has("const")) return new Const(o.get("const"));
    if (o.has("tmpl")) return Template.of(Digest.array(o, "tmpl"));
    if (o.has("code")) {
      Code code = codes.get(Digest.integer(o, "code", -1));
      Bug.check(code != null, "digest: no code %s", o.get("code"));
      return code;
    }
    return new Const(o);
  }

  /** Needs no job. */
  record Const(Object value) implements Expr {
    @Override
    public Object value(Scope scope) {
      return value;
    }
  }

  /** Text with names. {@code parts}: String for text, {@link Name} for a name. */
  record Template(List<Object> parts) implements Expr {
    record Name(String name) {}

    static Template of(JsonArray json) {
      List<Object> parts = new ArrayList<>();
      for (Object part : json) {
        parts.add(part instanceof String ? part : new Name(Digest.text(Digest.object(part), "v")));
      }
      return new Template(List.copyOf(parts));
    }

    @Override
    public Object value(Scope scope) {
      StringBuilder text = new StringBuilder();
      for (Object part : parts) {
        if (part instanceof Name n) text.append(scope.text(n.name()));
        else text.append((String) part);
      }
      return text.toString();
    }
  }

  /** Python. A value that depends on no name of the job, nor on any file, is asked for once. */
  final class Code implements Expr {
    private final int id;
    private final String text;
    private final List<String> vars;
    private final Evaluator evaluator;
    private Object cached;
    private boolean known;

    Code(JsonObject line, Evaluator evaluator) {
      id = Digest.integer(line, "id", -1);
      text = Digest.text(line, "text");
      vars = List.copyOf(Digest.texts(Digest.array(line, "vars")));
      this.evaluator = evaluator;
    }

    int id() {
      return id;
    }

    @Override
    public synchronized Object value(Scope scope) throws EvalError {
      if (known) return cached;
      Map<String, Object> values = new LinkedHashMap<>();
      for (String name : vars) scope.find(name).ifPresent(value -> values.put(name, value));
      Set<String> looks = new LinkedHashSet<>();
      Object value = null;
      try {
        value = evaluator.eval(id, text, values, looks::add);
      } finally {
        scope.note(looks);
      }
      if (vars.isEmpty() && looks.isEmpty()) {
        cached = value;
        known = true;
      }
      return value;
    }
  }
}

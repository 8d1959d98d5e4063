package lmake.rules;

import com.grack.nanojson.JsonObject;
import java.util.Map;

/** What a job of a rule is told to run: interpreter, command, environment, resources. Immutable. */
final class Recipe {
  static Recipe of(JsonObject line, Map<Integer, Expr.Code> codes) {
    return new Recipe();
  }
}

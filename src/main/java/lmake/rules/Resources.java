package lmake.rules;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import lmake.rules.Evaluator.EvalError;

/**
 * What a job asks of its backend. Immutable.
 *
 * @param values as the job sees them: a number with the largest unit that keeps it whole
 * @param amounts the same as numbers: mem and tmp in MiB, others by unit
 */
public record Resources(Map<String, String> values, Map<String, Long> amounts) {
  public Resources {
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    amounts = Collections.unmodifiableMap(new LinkedHashMap<>(amounts));
  }

  /** From what the rule says; an amount of 0 is dropped. */
  static Resources of(Map<String, Expr> exprs, Optional<Expr> whole, Scope scope) throws EarlyError {
    Map<String, String> texts = texts(exprs, whole, scope);
    Map<String, String> values = new LinkedHashMap<>();
    Map<String, Long> amounts = new LinkedHashMap<>();
    for (Map.Entry<String, String> entry : texts.entrySet()) {
      String key = entry.getKey();
      Optional<BigDecimal> amount = Quantity.parse(entry.getValue());
      if (amount.isEmpty()) {
        throw new EarlyError(
            "resource " + key + " : '" + entry.getValue() + "' is no quantity", "  consider : a number and a unit, as 4G");
      }
      long unit = Config.unit(key);
      long count = Quantity.ceil(amount.get(), unit);
      if (count == 0) continue;
      values.put(key, Quantity.show(count, unit));
      amounts.put(key, count);
    }
    if (values.isEmpty()) throw new EarlyError("job asks for no resource", "  consider : resources = {'cpu': 1}");
    return new Resources(values, amounts);
  }

  private static Map<String, String> texts(Map<String, Expr> exprs, Optional<Expr> whole, Scope scope) throws EarlyError {
    Map<String, String> texts = new LinkedHashMap<>();
    String doing = "resources";
    try {
      if (whole.isPresent()) {
        if (!(whole.get().value(scope) instanceof Map<?, ?> map)) throw new EarlyError("resources : the function gave no dict");
        map.forEach((key, value) -> texts.put(String.valueOf(key), Python.str(value)));
      }
      for (Map.Entry<String, Expr> entry : exprs.entrySet()) {
        doing = "resource " + entry.getKey();
        texts.put(entry.getKey(), entry.getValue().text(scope));
      }
    } catch (EvalError e) {
      throw EarlyError.of(doing, e);
    }
    return texts;
  }

  /** Why a backend with these capacities can never run the job, with what to do about it; empty when it can. */
  public List<String> complaints(Map<String, Long> capacities) {
    List<String> lines = new ArrayList<>();
    amounts.forEach((key, amount) -> {
      Long there = capacities.get(key);
      String field = "lmake.config.backends.local." + key;
      if (there == null) {
        lines.add("no resource " + key + " for backend local");
        lines.add("  consider : " + field + " = '" + values.get(key) + "' in Lmakefile.py");
      } else if (there < amount) {
        String only = Quantity.show(there, Config.unit(key));
        lines.add("not enough resource " + key + " (required " + values.get(key) + " but only " + only + " available)");
        lines.add("  consider : a larger " + field + ", or a smaller resources." + key);
      }
    });
    return List.copyOf(lines);
  }
}

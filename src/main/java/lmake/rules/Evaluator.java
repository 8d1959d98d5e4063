package lmake.rules;

import java.util.Map;
import java.util.function.Consumer;

/** Evaluates what is real Python in a rule (the worker of src/main/python). Blocking, microseconds; throws when Python did. */
public interface Evaluator {
  /**
   * Value of a code line of the digest.
   *
   * @param text its source, sent once per id
   * @return what nanojson makes of the answer: String, Number, Boolean, null, JsonArray, JsonObject
   */
  Object eval(int code, String text, Map<String, Object> vars) throws EvalError;

  /**
   * As above, for one who minds what the code looks at.
   *
   * @param looks gets the names of the files, relative to the root when below it, even if the code then raises
   */
  default Object eval(int code, String text, Map<String, Object> vars, Consumer<String> looks) throws EvalError {
    return eval(code, text, vars);
  }

  /** The Python code raised; the message is a traceback for people. */
  final class EvalError extends Exception {
    private static final long serialVersionUID = 1;

    public EvalError(String trace) {
      super(trace, null, false, false);
    }
  }
}

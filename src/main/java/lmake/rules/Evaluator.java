package lmake.rules;

import java.util.Map;

/** Evaluates what is real Python in a rule (the worker of src/main/python). Blocking, microseconds; throws when Python did. */
public interface Evaluator {
  /**
   * Value of a code line of the digest.
   *
   * @param text its source, sent once per id
   * @return what nanojson makes of the answer: String, Number, Boolean, null, JsonArray, JsonObject
   */
  Object eval(int code, String text, Map<String, Object> vars) throws EvalError;

  /** As above, for one who minds what the code looks at: files of the repo may be looked at for resources only. */
  default Object eval(int code, String text, Map<String, Object> vars, Moment moment) throws EvalError {
    return eval(code, text, vars);
  }

  /** When in the life of a job a value is computed. */
  enum Moment {
    NAMING, // of static deps: no file may be looked at, who does must throw
    SUBMISSION, // of backend and resources
    START // of all the rest, with the same rule: what a value looks at is no dep of the job
  }

  /** The Python code raised; the message is a traceback for people. */
  final class EvalError extends Exception {
    private static final long serialVersionUID = 1;

    public EvalError(String trace) {
      super(trace, null, false, false);
    }
  }
}

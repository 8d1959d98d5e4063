package lmake.rules;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What computing the values of one job has shown: the files it looked at, on which the values depend, and the values that could
 * not be computed and that nothing depends on. Filled as values are asked for; one thread.
 */
public final class Evaluation {
  /** What a value is good for, and hence what must be done when a file it was computed from changes. */
  public enum Part {
    CMD, // what the job makes may depend on it: the job runs again
    RESOURCES, // whether the job succeeds may: it runs again if it was in error
    ANCILLARY // nothing
  }

  private final Map<String, Part> looks = new LinkedHashMap<>();
  private final List<String> complaints = new ArrayList<>();

  /** A file was looked at; the first of the parts counts when there are several. */
  void look(String name, Part part) {
    looks.merge(name, part, (a, b) -> a.compareTo(b) < 0 ? a : b);
  }

  void complain(String attribute, Evaluator.EvalError error) {
    complaints.addAll(EarlyError.of(attribute, error).lines());
  }

  /** Names as Python knows them: relative to the root when below it, else absolute; in order. */
  public Map<String, Part> looks() {
    return Collections.unmodifiableMap(looks);
  }

  /** Why defaults were taken, sentences for the user; empty when none was. */
  public List<String> complaints() {
    return List.copyOf(complaints);
  }
}

package lmake.rules;

import java.util.ArrayList;
import java.util.List;

/** What a job needs cannot be computed: it ends before it starts. The lines are for the user, two spaces deeper a level. */
public final class EarlyError extends Exception {
  private static final long serialVersionUID = 1;

  private final transient List<String> lines;

  EarlyError(String... lines) {
    super(String.join("\n", lines), null, false, false);
    this.lines = List.of(lines);
  }

  private EarlyError(List<String> lines) {
    super(String.join("\n", lines), null, false, false);
    this.lines = List.copyOf(lines);
  }

  /** Python raised while computing an attribute; its traceback is shown with a tab, as what jobs say on stderr. */
  static EarlyError of(String attribute, Evaluator.EvalError error) {
    List<String> lines = new ArrayList<>();
    lines.add("cannot compute " + attribute);
    String trace = error.getMessage() == null ? "" : error.getMessage().stripTrailing();
    if (!trace.isEmpty()) for (String line : trace.split("\n", -1)) lines.add("\t" + line);
    return new EarlyError(lines);
  }

  public List<String> lines() {
    return lines;
  }
}

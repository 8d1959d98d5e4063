package lmake.engine;

import java.util.List;
import lmake.base.Bug;
import lmake.graph.Graph;
import lmake.rules.RuleBook;

/** The engine. */
public final class Engine {
  public Engine(Graph graph) {
    throw Bug.of("skeleton");
  }

  /** What the makefiles now say. Only while no req is active, or when matching and commands did not change. */
  public void setRules(RuleBook rules) {
    throw Bug.of("skeleton");
  }

  /** One turn. */
  public List<Action> step(Event event) {
    throw Bug.of("skeleton");
  }
}

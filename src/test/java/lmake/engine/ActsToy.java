package lmake.engine;

import java.util.List;
import java.util.function.BiConsumer;
import lmake.engine.Event.FileKind;

/** A toy project whose recipes are acts. */
final class ActsToy extends ToyProject<BiConsumer<String, SimActs>, ActsToy> {
  @Override
  ActsToy self() {
    return this;
  }

  @Override
  public void play(String rule, String stem, SimActs acts) {
    recipe(rule).accept(stem, acts);
  }

  /** What was run. */
  List<String> build(String... targets) {
    int from = server().started.size();
    run(ReqOptions.DEFAULT, targets);
    return server().started.subList(from, server().started.size());
  }

  /** How the last command ended. */
  Action.ReqDone last() {
    return server().done.get(server().lastReq());
  }

  static void write(SimActs acts, String name, String content) {
    acts.write(name, content, FileKind.REGULAR);
  }
}

package lmake.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import lmake.graph.JobResult;
import lmake.rules.Isolation;
import lmake.store.Store;
import lmake.wire.JobEnd;

/** What is left to do when an execution is over: the verdict, the record for people, our own files. Engine's thread. */
final class Endings {
  /** From what the agent says of a run to what the engine must know of it. */
  interface Judge {
    JobResult judge(Execution one, JobEnd end);
  }

  private final Store store;
  private final Judge judge;

  Endings(Store store, Judge judge) {
    this.store = store;
    this.judge = judge;
  }

  JobResult judge(Execution one, JobEnd end) {
    JobResult result = judge.judge(one, placed(one, end));
    store.putRun(one.job(), RunRecords.of(one, end, result));
    clean(one);
    return result;
  }

  /** What the agent finds wrong in the views and roots a rule asks for is said of the rule. */
  private static JobEnd placed(Execution one, JobEnd end) {
    boolean asked = one.running().filter(r -> !r.launch().isolation().equals(Isolation.NONE)).isPresent();
    if (end.outcome() != JobEnd.Outcome.NOT_STARTED || !asked || end.messages().isEmpty()) return end;
    List<String> messages = new ArrayList<>();
    // As all that is said of a makefile: the remedy on a line of its own.
    String[] said = end.messages().get(0).split(", (?=consider : )", 2);
    messages.add(one.rule().where() + ": rule " + one.rule().name() + ": " + said[0]);
    if (said.length > 1) messages.add("  " + said[1]);
    messages.addAll(end.messages().subList(1, end.messages().size()));
    return new JobEnd(
        end.seq(), end.outcome(), end.waitStatus(), end.start(), end.end(), end.userNs(), end.systemNs(), end.maxRss(),
        end.targetsSize(), end.stdout(), end.stderr(), messages, end.washed(), end.accesses(), end.patterns());
  }

  /** It never started. */
  void early(Execution one, JobResult result) {
    store.putRun(one.job(), RunRecords.of(one, result, Dates.now()));
  }

  void clean(Execution one) {
    one.running().flatMap(Execution.Running::script).ifPresent(Endings::remove);
  }

  private static void remove(Path script) {
    try {
      Files.deleteIfExists(script);
    } catch (IOException e) {
      // It will be written over by the next script of that number.
      ServerLog.say("cannot remove " + script + ": " + e);
    }
  }
}

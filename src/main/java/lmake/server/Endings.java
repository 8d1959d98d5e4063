package lmake.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import lmake.graph.JobResult;
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
    JobResult result = judge.judge(one, end);
    store.putRun(one.job(), RunRecords.of(one, end, result));
    clean(one);
    return result;
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

package lmake.server;

import java.util.List;
import java.util.Map;
import lmake.graph.JobResult;
import lmake.graph.RunRecord;
import lmake.rules.Launch;
import lmake.wire.JobEnd;

/** What is kept of a run for people. Pure. */
final class RunRecords {
  private static final byte[] NOTHING = {};

  private RunRecords() {}

  static RunRecord of(Execution one, JobEnd end, JobResult result) {
    Execution.Running running = one.running().orElseThrow();
    Launch launch = running.launch();
    boolean started = end.outcome() != JobEnd.Outcome.NOT_STARTED;
    return new RunRecord(
        one.attempt(),
        running.smallId(),
        launch.shown(),
        launch.ruleEnviron(),
        one.resources().values(),
        launch.watchedBy(one.tracer()),
        launch.stdin(),
        launch.stdout(),
        launch.tmpDir(),
        launch.timeoutMs() / 1000.0,
        one.order().why(),
        one.wanted().target(),
        one.wanted().requested(),
        end.start(),
        end.end(),
        result.status(),
        started ? end.waitStatus() : -1,
        end.userNs(),
        end.systemNs(),
        end.maxRss(),
        end.end() - end.start(),
        end.targetsSize(),
        one.pid(),
        end.stdout(),
        end.stderr(),
        result.messages(),
        HostOs.NAME,
        launch.isolation().shown(),
        Math.round((end.end() - end.start()) / one.crowd()),
        one.schedule().eta(),
        one.schedule().pressureNs());
  }

  /** Of a run that never was. */
  static RunRecord of(Execution one, JobResult result, long now) {
    return new RunRecord(
        one.attempt(), 0, List.of(), Map.of(), one.resources().values(), "", "", "", "", 0, one.order().why(), "", "",
        now, now, result.status(), -1, 0, 0, 0, 0, 0, 0, NOTHING, NOTHING, result.messages(), "");
  }
}

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
    RunRecord.Ordered ordered =
        new RunRecord.Ordered(
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
            launch.isolation().shown());
    RunRecord.Cause cause =
        new RunRecord.Cause(
            one.order().why(),
            one.wanted().target(),
            one.wanted().requested(),
            one.schedule().eta(),
            one.schedule().pressureNs());
    RunRecord.Outcome outcome =
        new RunRecord.Outcome(
            end.start(),
            end.end(),
            result.status(),
            started ? end.waitStatus() : -1,
            one.pid(),
            end.stdout(),
            end.stderr(),
            result.messages(),
            HostOs.NAME);
    long took = end.end() - end.start();
    RunRecord.Usage usage =
        new RunRecord.Usage(
            end.userNs(), end.systemNs(), end.maxRss(), took, end.targetsSize(), Math.round(took / one.crowd()));
    return new RunRecord(ordered, cause, outcome, usage);
  }

  /** Of a run that never was. */
  static RunRecord of(Execution one, JobResult result, long now) {
    Map<String, String> resources = one.resources().values();
    return new RunRecord(
        new RunRecord.Ordered(one.attempt(), 0, List.of(), Map.of(), resources, "", "", "", "", 0, Map.of()),
        new RunRecord.Cause(one.order().why(), "", "", 0, 0),
        new RunRecord.Outcome(now, now, result.status(), -1, 0, NOTHING, NOTHING, result.messages(), ""),
        RunRecord.Usage.NONE);
  }
}

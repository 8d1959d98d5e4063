package lmake.store;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import lmake.base.Bug;
import lmake.graph.JobStatus;
import lmake.graph.RunReason;
import lmake.graph.RunRecord;

/**
 * A {@link RunRecord} as bytes: a version byte, then its components, those of later versions last. Numbers are zigzag
 * varints, but for the timeout (8 bytes of IEEE 754); texts, lists and maps are a varint count and their content.
 */
final class RunCodec {
  private static final int VERSION = 4; // 1 had no os, 2 no isolation, 3 no cost and schedule
  private static final RunReason.Kind[] KINDS = RunReason.Kind.values();
  private static final JobStatus[] STATUSES = JobStatus.values();

  private RunCodec() {}

  static byte[] encode(RunRecord run) {
    RunRecord.Ordered what = run.ordered();
    RunRecord.Cause why = run.cause();
    RunRecord.Outcome end = run.outcome();
    RunRecord.Usage cost = run.usage();
    Out out = new Out(512 + end.stdout().length + end.stderr().length);
    out.u8(VERSION);
    number(what.seq(), out);
    number(what.smallId(), out);
    list(what.argv(), out);
    map(what.environ(), out);
    map(what.resources(), out);
    out.string(what.autodep()).string(what.stdin()).string(what.stdout()).string(what.tmpDir());
    out.u64(Double.doubleToRawLongBits(what.timeout()));
    out.u8(why.reason().kind().ordinal());
    number(why.reason().node(), out);
    out.string(why.requiredTarget()).string(why.requiredBy());
    number(end.startDate(), out);
    number(end.endDate(), out);
    out.u8(end.status().ordinal());
    number(end.waitStatus(), out);
    number(cost.userNs(), out);
    number(cost.systemNs(), out);
    number(cost.maxRss(), out);
    number(cost.totalNs(), out);
    number(cost.targetsSize(), out);
    number(end.pid(), out);
    out.bytes(end.stdout()).bytes(end.stderr());
    list(end.messages(), out);
    out.string(end.os());
    map(what.isolation(), out);
    number(cost.costNs(), out);
    number(why.eta(), out);
    number(why.pressureNs(), out);
    return out.toArray();
  }

  static RunRecord decode(In in) {
    int version = in.u8();
    Bug.check(version >= 1 && version <= VERSION, "run record of version %d, not %d", version, VERSION);
    // Java evaluates arguments from left to right: the order of what is made here is the order of the bytes.
    RunRecord.Ordered ordered =
        new RunRecord.Ordered(
            number(in), number(in), list(in), map(in), map(in), in.string(), in.string(), in.string(), in.string(),
            Double.longBitsToDouble(in.u64()), Map.of());
    RunRecord.Cause cause =
        new RunRecord.Cause(new RunReason(in.choice(KINDS), (int) number(in)), in.string(), in.string(), 0, 0);
    long start = number(in);
    long end = number(in);
    JobStatus status = in.choice(STATUSES);
    int waitStatus = (int) number(in);
    RunRecord.Usage usage = new RunRecord.Usage(number(in), number(in), number(in), number(in), number(in), 0);
    RunRecord.Outcome outcome =
        new RunRecord.Outcome(
            start, end, status, waitStatus, (int) number(in), in.bytes(), in.bytes(), list(in),
            version == 1 ? "" : in.string());
    RunRecord run = new RunRecord(ordered, cause, outcome, usage);
    if (version >= 3) run = isolated(run, map(in));
    if (version >= 4) run = scheduled(run, number(in), number(in), number(in));
    Bug.check(in.atEnd(), "run record too long");
    return run;
  }

  private static RunRecord isolated(RunRecord run, Map<String, String> isolation) {
    RunRecord.Ordered o = run.ordered();
    RunRecord.Ordered other =
        new RunRecord.Ordered(
            o.seq(), o.smallId(), o.argv(), o.environ(), o.resources(), o.autodep(), o.stdin(), o.stdout(), o.tmpDir(),
            o.timeout(), isolation);
    return new RunRecord(other, run.cause(), run.outcome(), run.usage());
  }

  private static RunRecord scheduled(RunRecord run, long costNs, long eta, long pressureNs) {
    RunRecord.Cause c = run.cause();
    RunRecord.Usage u = run.usage();
    return new RunRecord(
        run.ordered(),
        new RunRecord.Cause(c.reason(), c.requiredTarget(), c.requiredBy(), eta, pressureNs),
        run.outcome(),
        new RunRecord.Usage(u.userNs(), u.systemNs(), u.maxRss(), u.totalNs(), u.targetsSize(), costNs));
  }

  private static void number(long value, Out out) {
    out.varint(Out.zigzag(value));
  }

  private static long number(In in) {
    return In.unzigzag(in.varint());
  }

  private static void list(List<String> texts, Out out) {
    out.varint(texts.size());
    for (String text : texts) out.string(text);
  }

  private static List<String> list(In in) {
    int size = in.count();
    List<String> texts = new ArrayList<>(size);
    for (int i = 0; i < size; i++) texts.add(in.string());
    return texts;
  }

  private static void map(Map<String, String> map, Out out) {
    out.varint(map.size());
    map.forEach((key, value) -> out.string(key).string(value));
  }

  private static Map<String, String> map(In in) {
    int size = in.count();
    Map<String, String> map = new LinkedHashMap<>();
    for (int i = 0; i < size; i++) map.put(in.string(), in.string());
    return map;
  }
}

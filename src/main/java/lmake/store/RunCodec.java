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
 * A {@link RunRecord} as bytes: a version byte, then its components in order. Numbers are zigzag varints, but for the
 * timeout (8 bytes of IEEE 754); texts, lists and maps are a varint count and their content.
 */
final class RunCodec {
  private static final int VERSION = 4; // 1 had no os, 2 no isolation, 3 no cost and schedule
  private static final RunReason.Kind[] KINDS = RunReason.Kind.values();
  private static final JobStatus[] STATUSES = JobStatus.values();

  private RunCodec() {}

  static byte[] encode(RunRecord run) {
    Out out = new Out(512 + run.stdoutText().length + run.stderrText().length);
    out.u8(VERSION);
    number(run.seq(), out);
    number(run.smallId(), out);
    list(run.argv(), out);
    map(run.environ(), out);
    map(run.resources(), out);
    out.string(run.autodep()).string(run.stdin()).string(run.stdout()).string(run.tmpDir());
    out.u64(Double.doubleToRawLongBits(run.timeout()));
    out.u8(run.reason().kind().ordinal());
    number(run.reason().node(), out);
    out.string(run.requiredTarget()).string(run.requiredBy());
    number(run.startDate(), out);
    number(run.endDate(), out);
    out.u8(run.status().ordinal());
    number(run.waitStatus(), out);
    number(run.userNs(), out);
    number(run.systemNs(), out);
    number(run.maxRss(), out);
    number(run.totalNs(), out);
    number(run.targetsSize(), out);
    number(run.pid(), out);
    out.bytes(run.stdoutText()).bytes(run.stderrText());
    list(run.messages(), out);
    out.string(run.os());
    map(run.isolation(), out);
    number(run.costNs(), out);
    number(run.eta(), out);
    number(run.pressureNs(), out);
    return out.toArray();
  }

  static RunRecord decode(In in) {
    int version = in.u8();
    Bug.check(version >= 1 && version <= VERSION, "run record of version %d, not %d", version, VERSION);
    // Java evaluates arguments from left to right: the order of the record is the order of the bytes.
    RunRecord run =
        new RunRecord(
            number(in),
            number(in),
            list(in),
            map(in),
            map(in),
            in.string(),
            in.string(),
            in.string(),
            in.string(),
            Double.longBitsToDouble(in.u64()),
            new RunReason(in.choice(KINDS), (int) number(in)),
            in.string(),
            in.string(),
            number(in),
            number(in),
            in.choice(STATUSES),
            (int) number(in),
            number(in),
            number(in),
            number(in),
            number(in),
            number(in),
            (int) number(in),
            in.bytes(),
            in.bytes(),
            list(in),
            version == 1 ? "" : in.string(),
            version < 3 ? Map.of() : map(in),
            version < 4 ? 0 : number(in),
            version < 4 ? 0 : number(in),
            version < 4 ? 0 : number(in));
    Bug.check(in.atEnd(), "run record too long");
    return run;
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

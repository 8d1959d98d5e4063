package lmake.wire;

import java.util.ArrayList;
import java.util.List;

/** The END message, both ways. Alone in knowing the order of its fields. */
final class JobEndCodec {
  /** Least bytes an access takes. */
  private static final int ACCESS = 4 + 4 + 3 * 8 + 2 * 8 + 8 + 8 + 4 + 4 + 4;

  private static final int WASHED = 1 + 4 + 4;
  private static final int PATTERN = 4 + 1 + 4 + 4 + 8;

  private JobEndCodec() {}

  static JobEnd decode(WireReader in) throws WireException {
    return new JobEnd(
        in.u64(), in.choice(JobEnd.Outcome.values()), in.u32(), in.u64(), in.u64(), in.u64(), in.u64(), in.u64(),
        in.u64(), in.bytes(), in.bytes(), in.strs(), washed(in), accesses(in), patterns(in));
  }

  private static List<JobEnd.Washed> washed(WireReader in) throws WireException {
    List<JobEnd.Washed> all = new ArrayList<>();
    for (int left = in.count(WASHED); left > 0; left--) {
      all.add(new JobEnd.Washed(in.choice(JobEnd.Deed.values()), in.str(), in.str()));
    }
    return all;
  }

  private static List<Access> accesses(WireReader in) throws WireException {
    int count = in.count(ACCESS);
    List<Access> all = new ArrayList<>(count);
    for (int left = count; left > 0; left--) {
      all.add(
          new Access(
              in.str(), in.u32(), in.u64(), in.u64(), in.u64(), in.u64(), in.u64(), in.u64(), in.u64(), in.u32(),
              in.u32(), in.u32()));
    }
    return all;
  }

  private static List<JobEnd.PatternCall> patterns(WireReader in) throws WireException {
    List<JobEnd.PatternCall> all = new ArrayList<>();
    for (int left = in.count(PATTERN); left > 0; left--) {
      String pattern = in.str();
      int what = in.u8();
      if (what != 1 && what != 2) throw new WireException("a pattern is for deps or for targets, not " + what);
      all.add(new JobEnd.PatternCall(pattern, what == 2, in.u32(), in.u32(), in.u64()));
    }
    return all;
  }

  static WireWriter encode(JobEnd end, WireWriter out) {
    out.u64(end.seq()).u8(end.outcome().ordinal()).u32(end.waitStatus()).u64(end.start()).u64(end.end());
    out.u64(end.userNs()).u64(end.systemNs()).u64(end.maxRss()).u64(end.targetsSize()).str(end.stdout()).str(end.stderr());
    out.strs(end.messages()).u32(end.washed().size());
    for (JobEnd.Washed one : end.washed()) out.u8(one.deed().ordinal()).str(one.name()).str(one.note());
    out.u32(end.accesses().size());
    for (Access access : end.accesses()) encode(access, out);
    out.u32(end.patterns().size());
    for (JobEnd.PatternCall call : end.patterns()) {
      out.str(call.pattern()).u8(call.target() ? 2 : 1).u32(call.depFlags()).u32(call.targetFlags()).u64(call.date());
    }
    return out;
  }

  private static void encode(Access access, WireWriter out) {
    out.str(access.name()).u32(access.bits()).u64(access.firstRead()).u64(access.firstWrite()).u64(access.allowed());
    out.u64(access.firstSig()).u64(access.endSig()).u64(access.firstMtime()).u64(access.endCrc());
    out.u32(access.group()).u32(access.depFlags()).u32(access.targetFlags());
  }
}

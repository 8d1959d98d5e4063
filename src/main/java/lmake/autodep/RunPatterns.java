package lmake.autodep;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import lmake.graph.DepFlags;
import lmake.graph.TargetFlags;
import lmake.wire.JobEnd.PatternCall;

/** The calls a job made with {@code -X}: they give flags to all names that match, whenever those were accessed. */
final class RunPatterns {
  private record Call(Pattern pattern, PatternCall call) {}

  /**
   * What they say of one name. Dates are 0 for never; ignoring begins at its date, while flags know no date.
   *
   * @param allowed when it was made a target
   */
  record Said(int depFlags, int targetFlags, long allowed, long ignoreReads, long ignoreWrites) {
    static final Said NOTHING = new Said(0, 0, 0, 0, 0);
  }

  private final List<Call> calls = new ArrayList<>();
  private final List<String> complaints = new ArrayList<>();

  RunPatterns(List<PatternCall> given) {
    for (PatternCall call : given) {
      var pattern = PythonRegex.compile(call.pattern());
      if (pattern.isPresent()) calls.add(new Call(pattern.get(), call));
      else complaints.add("pattern is no regular expression : " + call.pattern());
    }
  }

  List<String> complaints() {
    return complaints;
  }

  Said of(String name) {
    Said said = Said.NOTHING;
    for (Call call : calls) if (call.pattern().matcher(name).matches()) said = add(said, call.call());
    return said;
  }

  private static Said add(Said said, PatternCall call) {
    boolean ignoreTarget = call.target() && (call.targetFlags() & TargetFlags.IGNORE) != 0;
    boolean ignoreDep = ignoreTarget || (call.depFlags() & DepFlags.IGNORE) != 0;
    boolean allow = call.target() && (call.targetFlags() & TargetFlags.ALLOW) != 0;
    return new Said(
        said.depFlags() | call.depFlags() & ~DepFlags.IGNORE,
        said.targetFlags() | call.targetFlags() & ~TargetFlags.IGNORE,
        allow ? first(said.allowed(), call.date()) : said.allowed(),
        ignoreDep ? first(said.ignoreReads(), call.date()) : said.ignoreReads(),
        ignoreTarget ? first(said.ignoreWrites(), call.date()) : said.ignoreWrites());
  }

  /** The earlier of two dates, where 0 is never. */
  static long first(long a, long b) {
    if (a == 0) return b;
    return b == 0 ? a : Math.min(a, b);
  }
}

package lmake.engine;

/**
 * What rules and manifest say of one node, without looking at any content. Immutable.
 *
 * @param jobs jobs that could make it, by decreasing priority of their rule
 * @param sure for each of them, whether it will make it for sure
 * @param groupEnds end, in {@code jobs}, of each group of equal priority
 */
record Match(Kind kind, Buildable buildable, int[] jobs, boolean[] sure, int[] groupEnds) {
  private static final int[] NO_INTS = {};
  private static final boolean[] NO_BOOLEANS = {};

  /** Met again while it is being worked out: its own dep. Deemed buildable, the cycle is found when building. */
  static final Match LOOPING = of(Kind.LOOPING, Buildable.YES);

  static Match of(Kind kind, Buildable buildable) {
    return new Match(kind, buildable, NO_INTS, NO_BOOLEANS, NO_INTS);
  }

  /** Whether anything can produce the file. */
  enum Buildable {
    NO,
    MAYBE,
    YES
  }

  /** Where the content comes from; all but the first three are never produced. */
  enum Kind {
    SOURCE, // listed, or named by a source rule
    IN_SOURCE_DIR, // a source if it exists
    PLAIN, // jobs may make it
    ANTI, // an anti-rule says no
    LEADS_TO_SOURCE, // a dir
    BELOW_SOURCE,
    UPHILL, // a dir of it is itself a source, or a file that some job makes
    TOO_LONG,
    INFINITE, // static deps too deep
    EXTERNAL,
    NO_RULE,
    LOOPING;

    boolean source() {
      return this == SOURCE || this == IN_SOURCE_DIR;
    }
  }

  int groups() {
    return groupEnds.length;
  }

  int groupStart(int group) {
    return group == 0 ? 0 : groupEnds[group - 1];
  }

  int sureIn(int group) {
    int count = 0;
    for (int i = groupStart(group); i < groupEnds[group]; i++) if (sure[i]) count++;
    return count;
  }
}

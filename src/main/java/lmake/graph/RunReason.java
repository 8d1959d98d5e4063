package lmake.graph;

/**
 * Why a job runs, or cannot: kept with the job, so that to explain is to print.
 *
 * @param kind the family; its order is the priority in which reasons are shown, highest first
 * @param node the file it is about, 0 when it is about none
 */
public record RunReason(Kind kind, int node) {
  public static final RunReason NONE = new RunReason(Kind.NONE, 0);

  /** Kept in the store by ordinal: order is part of the format. */
  public enum Kind {
    NONE("no reason"),
    NEVER_RUN("job was never run"),
    MISSING_STATIC("static dep is missing"),
    DEP_ERROR("dep in error"),
    DEP_MISSING("required dep missing"),
    DEP_OVERWRITTEN("dep has been overwritten"),
    DEP_DANGLING("dep is dangling"),
    CMD_CHANGED("command changed"),
    KILLED("job was killed"),
    FORCED("job is forced"),
    LOST("job lost"),
    INCREMENTAL("job was built incremental"),
    OLD_ERROR("job was in error"),
    RESOURCES_CHANGED("resources changed and job was in error"),
    DEP_UNSTABLE("dep not stable while it was read"),
    DEP_NOT_ON_DISK("dep is not on disk"),
    DEP_TRANSIENT("dir of dep is a link"),
    DEP_CHANGED("dep out-of-date"),
    CHK_DEPS("job asked to check deps"),
    TARGET_MISSING("missing target"),
    TARGET_PREEXISTED("target existed before the job"),
    TARGET_POLLUTED("polluted target"),
    TARGET_MANUAL("target edited by hand"),
    TARGET_CLASH("target written by two jobs at once"),
    TARGET_BUSY("busy target"),
    RETRY("job is retried after error"),
    EARLY_DEPS("attributes read a dep that was not up to date");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    /** Without the file it is about. */
    public String text() {
      return text;
    }
  }

  public boolean none() {
    return kind == Kind.NONE;
  }

  /** The more telling of two reasons; the first one when they tell the same. */
  public RunReason or(RunReason other) {
    if (none()) return other;
    if (other.none()) return this;
    return other.kind.ordinal() < kind.ordinal() ? other : this;
  }
}

package lmake.graph;

/** How the last run of a job ended; kept in the store by {@link #ordinal()}, so order is part of the format. */
public enum JobStatus {
  NEW,
  RUNNING, // in the store only after a crash: the run was never accounted for
  EARLY_ERROR,
  LOST,
  LOST_ERR,
  KILLED,
  CHK_DEPS,
  BAD_TARGET,
  OK,
  JOB_ERROR,
  FORBIDDEN,
  PANIC,
  TERMINATION_ERROR,
  TIMEOUT,
  EARLY_CHK_DEPS, // its attributes were computed from a file that was not up to date: it was not started
  EARLY_LOST, // before it started
  EARLY_LOST_ERR;

  private static final JobStatus[] ALL = values();

  public static JobStatus of(int ordinal) {
    return ALL[ordinal];
  }

  /** True for a result that stands until something changes, even though it is a bad one. */
  public boolean error() {
    return switch (this) {
      case EARLY_ERROR, LOST_ERR, EARLY_LOST_ERR -> true;
      case JOB_ERROR, FORBIDDEN, PANIC, TERMINATION_ERROR, TIMEOUT -> true;
      default -> false;
    };
  }

  /** True when the run is worth nothing and the job must run again when needed. */
  public boolean mustRun() {
    return !error() && this != OK;
  }

  /** True when it vanished, whatever it was doing. */
  public boolean lost() {
    return this == LOST || this == EARLY_LOST || this == LOST_ERR || this == EARLY_LOST_ERR;
  }

  /** As {@code lshow -i} prints it. */
  public String word() {
    return switch (this) {
      case LOST -> "late_lost";
      case LOST_ERR -> "late_lost_err";
      default -> name().toLowerCase(java.util.Locale.ROOT);
    };
  }
}

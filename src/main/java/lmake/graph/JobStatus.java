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
  TIMEOUT;

  private static final JobStatus[] ALL = values();

  public static JobStatus of(int ordinal) {
    return ALL[ordinal];
  }

  /** True for a result that stands until something changes, even though it is a bad one. */
  public boolean error() {
    return this == EARLY_ERROR || this == LOST_ERR || ordinal() >= JOB_ERROR.ordinal();
  }

  /** True when the run is worth nothing and the job must run again when needed. */
  public boolean mustRun() {
    return !error() && this != OK;
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

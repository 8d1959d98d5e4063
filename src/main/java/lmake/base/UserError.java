package lmake.base;

/**
 * A mistake of the user: place, rule or job, what is wrong, what to try. Caught only in command, which prints the message
 * as is and ends with the exit code.
 */
public final class UserError extends Exception {
  private static final long serialVersionUID = 1;

  private final ExitCode code;

  public UserError(ExitCode code, String message) {
    super(message, null, false, false);
    this.code = code;
  }

  /** How the command that hits this mistake ends. */
  public ExitCode code() {
    return code;
  }
}

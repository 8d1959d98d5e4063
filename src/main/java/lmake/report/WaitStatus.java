package lmake.report;

/** What {@code waitpid} gave, in words. Pure. */
final class WaitStatus {
  private static final String[] SIGNALS = {
    "", "Hangup", "Interrupt", "Quit", "Illegal instruction", "Trace/breakpoint trap", "Aborted", "Bus error",
    "Floating point exception", "Killed", "User defined signal 1", "Segmentation fault", "User defined signal 2",
    "Broken pipe", "Alarm clock", "Terminated", "Stack fault", "Child exited", "Continued", "Stopped (signal)",
    "Stopped", "Stopped (tty input)", "Stopped (tty output)", "Urgent I/O condition", "CPU time limit exceeded",
    "File size limit exceeded", "Virtual timer expired", "Profiling timer expired", "Window changed", "I/O possible",
    "Power failure", "Bad system call"
  };

  private WaitStatus() {}

  /** Exit code or signal alone. */
  static String show(int status) {
    int signal = status & 0x7F;
    int exit = status >> 8 & 0xFF;
    if (signal != 0) return "signal " + signal(signal);
    return exit == 0 ? "ok" : "exit " + exit;
  }

  /** With what may help to understand it. */
  static String explain(int status, boolean hasStderr) {
    String text = show(status);
    int exit = status >> 8 & 0xFF;
    if (status == 0 && hasStderr) return text + " (with non-empty stderr)";
    // Shells exit so when a child of theirs was killed.
    if ((status & 0x7F) == 0 && exit > 128 && exit - 128 < SIGNALS.length) {
      return text + " (possibly killed with signal " + signal(exit - 128) + ")";
    }
    return text;
  }

  private static String signal(int number) {
    return number + "-" + (number < SIGNALS.length ? SIGNALS[number] : "Real-time signal");
  }
}

package lmake.base;

/** Exit codes of all commands; the numbers are a contract with scripts. */
public enum ExitCode {
  OK(0),
  FAIL(1),
  INTERNAL(2),
  BAD_MAKEFILE(3),
  BAD_SERVER(4),
  BAD_STATE(5),
  CLEAN_REPO(6),
  PERMISSION(7),
  SERVER_CRASH(8),
  STEADY_REPO(9),
  SYSTEM(10),
  USAGE(11),
  VERSION(12);

  private final int number;

  ExitCode(int number) {
    this.number = number;
  }

  /** The status the process ends with. */
  public int number() {
    return number;
  }
}

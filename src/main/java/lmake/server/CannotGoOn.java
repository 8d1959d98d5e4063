package lmake.server;

import lmake.base.UserError;

/**
 * The server must stop, and it is not its fault: the disk takes no more, say. What it carries is told to everybody.
 * Unchecked, since it may come from below any command; caught in {@link Server#run} only.
 */
final class CannotGoOn extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient UserError cause;

  CannotGoOn(UserError cause) {
    super(cause.getMessage(), cause);
    this.cause = cause;
  }

  UserError error() {
    return cause;
  }
}

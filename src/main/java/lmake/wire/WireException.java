package lmake.wire;

/** What was received is not a message of the protocol. Whoever sent it can no longer be understood. */
public final class WireException extends Exception {
  private static final long serialVersionUID = 1;

  public WireException(String message) {
    super(message, null, false, false);
  }
}

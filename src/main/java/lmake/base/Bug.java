package lmake.base;

/** A broken promise of ours. It stops the server, with its last events on record, rather than let a wrong result be stored. */
public final class Bug extends RuntimeException {
  private static final long serialVersionUID = 1;

  private Bug(String message) {
    super(message);
  }

  /** Makes a bug to be thrown; the format is that of {@link String#format}. */
  public static Bug of(String format, Object... args) {
    return new Bug(args.length == 0 ? format : String.format(format, args));
  }

  /** Throws a bug unless the promise holds. The message is only formatted when it does not. */
  public static void check(boolean promise, String format, Object... args) {
    if (!promise) throw of(format, args);
  }
}

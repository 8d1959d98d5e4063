package lmake.store;

/**
 * The store cannot be what we wrote. Never leaves the package: {@link Store#open} moves such a store aside, or says so
 * when it may not.
 */
final class Corrupt extends Exception {
  private static final long serialVersionUID = 1;

  Corrupt(String format, Object... args) {
    super(String.format(format, args), null, false, false);
  }
}

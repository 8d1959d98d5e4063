package lmake.base;

/**
 * Content fingerprint of a file, held in a {@code long}: section 6 of src/doc/protocols.md. All methods are pure.
 *
 * <p>Below 16 the value is a state, otherwise a hash whose low bit tells a link (1) from a regular file (0).
 */
public final class Crc {
  /** Not computed, or not to be trusted; never equal to anything. */
  public static final long UNKNOWN = 0;

  /** Absent, a dir, or a special file. */
  public static final long NONE = 1;

  /** A regular file whose content was not summed. */
  public static final long UNKNOWN_REGULAR = 2;

  /** A link whose text was not summed. */
  public static final long UNKNOWN_LINK = 3;

  /** Regular, of size 0, not executable. */
  public static final long EMPTY = 4;

  /** Access kinds, as in {@code lmake.graph.Accesses}: link text, regular content, existence. */
  private static final int LINK = 1, REGULAR = 2, EXISTENCE = 4;

  private Crc() {}

  /** True when the content is fully known, absence included. */
  public static boolean known(long crc) {
    return crc == NONE || crc >= EMPTY || crc < 0;
  }

  public static boolean isLink(long crc) {
    return crc == UNKNOWN_LINK || ((crc >= 16 || crc < 0) && (crc & 1) == 1);
  }

  public static boolean isRegular(long crc) {
    return crc == UNKNOWN_REGULAR || crc == EMPTY || ((crc >= 16 || crc < 0) && (crc & 1) == 0);
  }

  /** True when there is, for sure, a file. */
  public static boolean exists(long crc) {
    return crc != UNKNOWN && crc != NONE;
  }

  /**
   * Whether an access of these kinds (bits of L=1, R=2, T=4) sees a difference between two states of a file. An unknown side
   * differs from everything, itself included; a side of which only the kind is known differs only where content matters.
   */
  public static boolean differs(long a, long b, int kinds) {
    if ((kinds & (LINK | REGULAR | EXISTENCE)) == 0) return false;
    if (a == UNKNOWN || b == UNKNOWN) return true;
    if (a == b && known(a)) return false;
    int seen = 0;
    if (isLink(a) || isLink(b)) seen |= LINK;
    if (isRegular(a) || isRegular(b)) seen |= REGULAR;
    if ((a == NONE) != (b == NONE)) seen |= EXISTENCE;
    return (seen & kinds) != 0;
  }

  /** As users see it: {@code none}, {@code empty-R}, {@code unknown-R}, or 16 hex digits and the kind. */
  public static String show(long crc) {
    if (crc == UNKNOWN) return "unknown";
    if (crc == NONE) return "none";
    if (crc == UNKNOWN_REGULAR) return "unknown-R";
    if (crc == UNKNOWN_LINK) return "unknown-L";
    if (crc == EMPTY) return "empty-R";
    return String.format("%016x-%s", crc, isLink(crc) ? "L" : "R");
  }
}

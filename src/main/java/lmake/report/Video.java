package lmake.report;

import java.util.Locale;
import java.util.Optional;

/** Which of the two sets of colours suits the terminal, if any. Pure. */
public enum Video {
  PLAIN,
  LIGHT,
  DARK;

  /** What the user asked for ({@code -V}, {@code LMAKE_VIDEO}); empty for automatic detection. */
  public static Optional<Video> of(String mode) {
    String word = mode.toLowerCase(Locale.ROOT);
    if (word.startsWith("f")) return Optional.of(PLAIN);
    if (word.startsWith("l") || word.startsWith("n")) return Optional.of(LIGHT);
    if (word.startsWith("d") || word.startsWith("r")) return Optional.of(DARK);
    return Optional.empty();
  }

  /** Modes of old, still understood. */
  public static boolean deprecated(String mode) {
    String word = mode.toLowerCase(Locale.ROOT);
    return word.startsWith("n") || word.startsWith("r");
  }
}

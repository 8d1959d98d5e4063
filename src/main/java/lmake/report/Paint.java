package lmake.report;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.Function;

/** The escape sequences of a terminal, or none at all. Pure. */
public final class Paint {
  /** Logs, pipes, porcelaine. */
  public static final Paint OFF = new Paint(new EnumMap<>(Color.class));

  private final Map<Color, String> openings;

  private Paint(Map<Color, String> openings) {
    this.openings = openings;
  }

  /**
   * @param rgb light then dark colour of a key of {@code config.colors}: {r,g,b,r,g,b}
   */
  public static Paint of(Video video, Function<String, int[]> rgb) {
    if (video == Video.PLAIN) return OFF;
    int at = video == Video.LIGHT ? 0 : 3;
    Map<Color, String> openings = new EnumMap<>(Color.class);
    for (Color color : Color.values()) {
      if (color == Color.NONE) continue;
      int[] c = rgb.apply(color.key());
      openings.put(color, "\033[38;2;" + c[at] + ";" + c[at + 1] + ";" + c[at + 2] + "m");
    }
    return new Paint(openings);
  }

  public boolean on() {
    return !openings.isEmpty();
  }

  String open(Color color) {
    return openings.getOrDefault(color, "");
  }

  String close(Color color) {
    return openings.containsKey(color) ? "\033[0m" : "";
  }
}

package lmake.report;

import java.util.Locale;

/** What a coloured text means. Which colour that is belongs to {@code config.colors}. Pure. */
public enum Color {
  NONE,
  HIDDEN_NOTE,
  HIDDEN_OK,
  NOTE,
  OK,
  WARNING,
  ERR,
  SPECULATE_ERR;

  /** Its key in {@code config.colors}. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}

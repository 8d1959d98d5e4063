package lmake.graph;

/** Flags of a target: section 5 of src/doc/protocols.md. */
public final class TargetFlags {
  public static final int ESSENTIAL = 1;
  public static final int INCREMENTAL = 2;
  public static final int OPTIONAL = 4;
  public static final int PHONY = 8;
  public static final int SOURCE_OK = 16;
  public static final int NO_WARNING = 32;
  public static final int IGNORE = 64;
  public static final int TOP = 128;
  public static final int STATIC = 256;
  public static final int OFFICIAL = 512;
  public static final int ALLOW = 1024;

  /** Removed by the job: it does not exist at the end. */
  public static final int UNLINKED = 2048;

  private TargetFlags() {}

  /** Six characters as {@code lshow -t} prints them: {@code EiwpST} or dashes. */
  public static String show(int flags) {
    return ((flags & ESSENTIAL) != 0 ? "E" : "-")
        + ((flags & INCREMENTAL) != 0 ? "i" : "-")
        + ((flags & NO_WARNING) != 0 ? "w" : "-")
        + ((flags & PHONY) != 0 ? "p" : "-")
        + ((flags & STATIC) != 0 ? "S" : "-")
        + ((flags & OFFICIAL) != 0 ? "T" : "-");
  }
}

package lmake.graph;

/** Flags of a dep: section 5 of src/doc/protocols.md. */
public final class DepFlags {
  public static final int CRITICAL = 1;
  public static final int ESSENTIAL = 2;
  public static final int IGNORE_ERROR = 4;
  public static final int READDIR_OK = 8;
  public static final int REQUIRED = 16;
  public static final int STATIC = 32;
  public static final int IGNORE = 64;
  public static final int FULL = 128;
  public static final int CODEC = 256;
  public static final int TOP = 512;

  private DepFlags() {}

  /** Seven characters as {@code lshow -d} prints them: {@code cEerSCF} or dashes. */
  public static String show(int flags) {
    return ((flags & CRITICAL) != 0 ? "c" : "-")
        + ((flags & ESSENTIAL) != 0 ? "E" : "-")
        + ((flags & IGNORE_ERROR) != 0 ? "e" : "-")
        + ((flags & REQUIRED) != 0 ? "r" : "-")
        + ((flags & STATIC) != 0 ? "S" : "-")
        + ((flags & CODEC) != 0 ? "C" : "-")
        + ((flags & FULL) != 0 ? "F" : "-");
  }
}

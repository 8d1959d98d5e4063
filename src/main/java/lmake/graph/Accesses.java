package lmake.graph;

/** Bits of what a job did to a file: section 4 of src/doc/protocols.md. The low four are the kinds a dep remembers. */
public final class Accesses {
  public static final int L = 0x001;
  public static final int R = 0x002;
  public static final int T = 0x004;
  public static final int E = 0x008;
  public static final int KINDS = L | R | T | E;
  public static final int WRITE = 0x010;
  public static final int UNLINK = 0x020;
  public static final int LISTED = 0x040;
  public static final int EXISTED = 0x080;
  public static final int MAYBE_WRITE = 0x100;
  public static final int UNSTABLE = 0x200;
  public static final int REQUIRED = 0x400;
  public static final int ALLOW = 0x800;
  public static final int IGNORE_READ_FROM = 0x1000;
  public static final int IGNORE_WRITE_FROM = 0x2000;
  public static final int READ_AFTER_WRITE_ONLY = 0x4000;
  public static final int EXECUTED = 0x8000;
  public static final int REFUSED = 0x10000;

  private Accesses() {}

  /** Four characters as {@code lshow -d} prints them: {@code LRTE} or dashes. */
  public static String show(int bits) {
    return ((bits & L) != 0 ? "L" : "-")
        + ((bits & R) != 0 ? "R" : "-")
        + ((bits & T) != 0 ? "T" : "-")
        + ((bits & E) != 0 ? "E" : "-");
  }
}

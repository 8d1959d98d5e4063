package lmake.rules;

import java.util.SortedSet;
import lmake.base.Bug;

/** The sources: files, and dirs (ending with {@code /}) below which every file that exists is a source. Immutable. */
public final class Manifest {
  public boolean isSource(String name) {
    throw Bug.of("skeleton");
  }

  /** True for a dir that leads to a source. */
  public boolean leadsToSource(String name) {
    throw Bug.of("skeleton");
  }

  /** True for a name below a source dir (not for the dir itself). */
  public boolean inSourceDir(String name) {
    throw Bug.of("skeleton");
  }

  /** True for a name below a source file: such a file cannot exist. */
  public boolean belowSource(String name) {
    throw Bug.of("skeleton");
  }

  public SortedSet<String> files() {
    throw Bug.of("skeleton");
  }

  /** Each ends with {@code /}. */
  public SortedSet<String> dirs() {
    throw Bug.of("skeleton");
  }
}

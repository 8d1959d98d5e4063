package lmake.rules;

import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** The sources: files, and dirs (ending with {@code /}) below which every file that exists is a source. Immutable. */
public final class Manifest {
  private final SortedSet<String> files;
  private final SortedSet<String> dirs;
  private final Set<String> fileSet; // a sorted set takes 20 string comparisons a look
  private final Set<String> above; // dirs that lead to a source, without the last /

  public Manifest(Collection<String> files, Collection<String> dirs) {
    this.files = Collections.unmodifiableSortedSet(new TreeSet<>(files));
    this.dirs = Collections.unmodifiableSortedSet(new TreeSet<>(dirs));
    fileSet = new HashSet<>(files);
    above = new HashSet<>();
    for (String file : files) addDirsOf(file);
    for (String dir : dirs) addDirsOf(dir.substring(0, dir.length() - 1));
  }

  /** The same with more files. */
  Manifest with(Collection<String> more) {
    Set<String> all = new HashSet<>(fileSet);
    all.addAll(more);
    return new Manifest(all, dirs);
  }

  private void addDirsOf(String name) {
    for (int slash = name.lastIndexOf('/'); slash > 0; slash = name.lastIndexOf('/', slash - 1)) {
      if (!above.add(name.substring(0, slash))) return;
    }
  }

  /** True for a source file that the manifest names itself; see {@link #inSourceDir} for the others. */
  public boolean isSource(String name) {
    return fileSet.contains(name);
  }

  /** True for a dir that leads to a source; a source dir is one too. */
  public boolean leadsToSource(String name) {
    return above.contains(name) || !dirs.isEmpty() && dirs.contains(name + "/");
  }

  /** True for a name below a source dir (not for the dir itself). */
  public boolean inSourceDir(String name) {
    if (dirs.isEmpty()) return false;
    for (String dir : dirs) if (name.length() > dir.length() && name.startsWith(dir)) return true;
    return false;
  }

  /** True for a name below a source file: such a file cannot exist. */
  public boolean belowSource(String name) {
    for (int slash = name.lastIndexOf('/'); slash > 0; slash = name.lastIndexOf('/', slash - 1)) {
      if (fileSet.contains(name.substring(0, slash))) return true;
    }
    return false;
  }

  public SortedSet<String> files() {
    return files;
  }

  /** Each ends with {@code /}. */
  public SortedSet<String> dirs() {
    return dirs;
  }
}

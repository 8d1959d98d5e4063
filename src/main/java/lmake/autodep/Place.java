package lmake.autodep;

import lmake.rules.Manifest;

/** Where an accessed name lies. */
enum Place {
  REPO,
  ROOT, // the root dir itself: it can only be listed
  SOURCE_DIR, // below a source dir outside of the repo: read only
  NONE; // private to lmake, temporary or outside: of no interest

  static Place of(String name, Manifest manifest) {
    if (name.isEmpty() || name.equals(".")) return ROOT;
    if (name.startsWith("/") || name.startsWith("../")) return manifest.inSourceDir(name) ? SOURCE_DIR : NONE;
    boolean ours = below(name, "LMAKE/lmake") || below(name, "LMAKE/auto_tmp") || below(name, "LMAKE/tmp");
    return ours ? NONE : REPO;
  }

  private static boolean below(String name, String dir) {
    return name.startsWith(dir) && (name.length() == dir.length() || name.charAt(dir.length()) == '/');
  }
}

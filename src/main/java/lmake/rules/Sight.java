package lmake.rules;

/**
 * Where things are as a job sees them. All names are absolute.
 *
 * @param tmpDir empty while it is not known
 * @param physicalTmpDir the same as everybody sees it
 */
record Sight(String lmakeRoot, String repoRoot, String tmpDir, String physicalTmpDir) {
  /** Of a job on this site. */
  static Sight of(Isolation isolation, LaunchEnv site, String tmpDir) {
    String root = isolation.repoView().isEmpty() ? site.repoRoot() : isolation.repoView();
    String install = isolation.lmakeRoot().isEmpty() ? site.lmakeRoot() : isolation.lmakeRoot();
    String tmp = tmpDir;
    if (!isolation.tmpView().isEmpty()) tmp = isolation.tmpView();
    else if (tmp.startsWith(site.repoRoot() + "/")) tmp = root + tmp.substring(site.repoRoot().length());
    return new Sight(isolation.lmakeView().isEmpty() ? install : isolation.lmakeView(), root, tmp, tmpDir);
  }
}

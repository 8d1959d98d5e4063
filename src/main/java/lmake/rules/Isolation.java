package lmake.rules;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What of the machine a job is to see otherwise than it is, and what it may do about it. Names are absolute and without
 * {@code .}, {@code ..} or slash at the end; empty where nothing is asked. Immutable.
 *
 * @param killDaemons nothing of the job survives it
 * @param chroot dir that is its root; {@code /} for namespaces alone
 * @param lmakeRoot another installation than that which serves the repo
 * @param userName root and the user have a name
 * @param resolvConf it gets the resolver's settings of the host
 * @param mountChrootOk it may change mounts and root
 * @param checkAbsPaths its targets may not hold the name of the repo
 */
public record Isolation(
    boolean killDaemons,
    String chroot,
    String repoView,
    String tmpView,
    String lmakeView,
    String lmakeRoot,
    boolean userName,
    boolean resolvConf,
    boolean mountChrootOk,
    boolean checkAbsPaths,
    List<View> views) {
  /** Nothing is asked. */
  public static final Isolation NONE = new Isolation(false, "", "", "", "", "", false, false, false, false, List.of());

  public Isolation {
    views = List.copyOf(views);
  }

  /**
   * A dir seen elsewhere.
   *
   * @param at relative to the root when it is in the repo
   * @param dirs those of the repo relative to its root; of an overlay the upper one first
   * @param copyUp relative to the view, dirs end with a slash
   */
  public record View(String at, boolean overlay, List<String> dirs, List<String> copyUp) {
    public View {
      dirs = List.copyOf(dirs);
      copyUp = List.copyOf(copyUp);
    }

    private String shown() {
      if (!overlay) return dirs.get(0);
      String copied = copyUp.isEmpty() ? "" : " , copy_up:" + String.join(" ", copyUp);
      return "upper:" + dirs.get(0) + " , lower:" + String.join(" ", dirs.subList(1, dirs.size())) + copied;
    }
  }

  /** What is asked, for people: by name of attribute; views as {@code views NAME}. */
  public Map<String, String> shown() {
    Map<String, String> shown = new LinkedHashMap<>();
    List<String> actions = new ArrayList<>();
    if (userName) actions.add("user_name");
    if (resolvConf) actions.add("resolv_conf");
    shown.put("chroot_dir", chroot);
    shown.put("chroot_actions", String.join(" , ", actions));
    shown.put("lmake_root", lmakeRoot);
    shown.put("lmake_view", lmakeView);
    shown.put("repo_view", repoView);
    shown.put("tmp_view", tmpView);
    shown.put("kill_daemons", killDaemons ? "true" : "");
    shown.put("mount_chroot_ok", mountChrootOk ? "true" : "");
    shown.put("check_abs_paths", checkAbsPaths ? "true" : "");
    for (View view : views) shown.put("views " + view.at(), view.shown());
    shown.values().removeIf(String::isEmpty);
    return shown;
  }

  /** Whether its files may be others than those we see under the same names. */
  boolean movesFiles() {
    return !views.isEmpty() || userName || resolvConf
        || !repoView.isEmpty() || !tmpView.isEmpty() || !lmakeView.isEmpty()
        || !chroot.isEmpty() && !chroot.equals("/");
  }
}

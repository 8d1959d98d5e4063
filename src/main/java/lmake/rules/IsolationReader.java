package lmake.rules;

import com.grack.nanojson.JsonObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import lmake.rules.Evaluator.EvalError;

/**
 * From the attributes of a rule that isolate its jobs to what one job is to see. Says what can be told from the names
 * alone; the agent, which knows the disk, checks the rest. Immutable.
 */
final class IsolationReader {
  private static final Set<String> ACTIONS = Set.of("user_name", "resolv_conf");

  private final Map<String, Object> views = new LinkedHashMap<>(); // name to Expr, or to Overlay
  private final Optional<Expr> whole;

  private record Overlay(Expr upper, List<Expr> lower, List<Expr> copyUp) {}

  /** What names are seen from: roots as they are, and as the job sees them. */
  private record Site(Scope scope, String root, String seenRoot, String tmpDir, String tmpView) {
    EarlyError refuse(String what, String remedy) {
      return new EarlyError(
          scope.rule().where() + ": rule " + scope.rule().name() + ": " + what, "  consider : " + remedy);
    }
  }

  IsolationReader(JsonObject attrs, Map<Integer, Expr.Code> codes) {
    JsonObject json = Digest.object(attrs, "views");
    boolean function = json.get("code") instanceof Number;
    whole = function ? Optional.of(Expr.of(json, codes)) : Optional.empty();
    if (!function) json.forEach((name, value) -> views.put(name, view(value, codes)));
  }

  private static Object view(Object json, Map<Integer, Expr.Code> codes) {
    if (!(json instanceof JsonObject object) || !object.has("upper")) return Expr.of(json, codes);
    return new Overlay(
        Expr.of(object.get("upper"), codes), exprs(object.get("lower"), codes), exprs(object.get("copy_up"), codes));
  }

  private static List<Expr> exprs(Object json, Map<Integer, Expr.Code> codes) {
    return json instanceof List<?> list ? list.stream().map(item -> Expr.of(item, codes)).toList() : List.of();
  }

  /** All but the views. */
  Isolation withoutViews(Attrs attrs, Scope scope) throws EarlyError, EvalError {
    Site site = new Site(scope, "", "", "", "");
    List<String> actions = attrs.texts("chroot_actions", scope);
    for (String action : actions) {
      if (!ACTIONS.contains(action)) {
        throw site.refuse("chroot_actions: unknown action '" + action + "'", "user_name or resolv_conf");
      }
    }
    return new Isolation(
        attrs.bool("kill_daemons", scope, false), dir("chroot_dir", attrs, site), dir("repo_view", attrs, site),
        dir("tmp_view", attrs, site), dir("lmake_view", attrs, site), dir("lmake_root", attrs, site),
        actions.contains("user_name"), actions.contains("resolv_conf"), attrs.bool("mount_chroot_ok", scope, false),
        attrs.bool("check_abs_paths", scope, false), List.of());
  }

  private static String dir(String name, Attrs attrs, Site site) throws EarlyError, EvalError {
    String value = attrs.text(name, site.scope, "");
    if (value.isEmpty()) return "";
    if (!value.startsWith("/")) throw site.refuse(name + " is not absolute : " + value, "a name that begins with /");
    String dir = canonical(name, value, site);
    boolean root = dir.isEmpty();
    if (root && !name.equals("chroot_dir")) throw site.refuse(name + " is the root", "a dir such as /repo");
    return root ? "/" : dir;
  }

  /**
   * The same with its views.
   *
   * @param root of the repo, physical
   * @param tmpDir physical
   */
  Isolation withViews(Isolation bare, Scope scope, String root, String tmpDir) throws EarlyError, EvalError {
    String seenRoot = bare.repoView().isEmpty() ? root : bare.repoView();
    Site site = new Site(scope, root, seenRoot, tmpDir, bare.tmpView());
    List<Isolation.View> found = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Map.Entry<String, Object> entry : values(site).entrySet()) {
      Optional<Isolation.View> view = view(entry.getKey(), entry.getValue(), site);
      if (view.isEmpty()) continue;
      if (!names.add(view.get().at())) throw site.refuse("two views on " + view.get().at(), "one of them");
      found.add(view.get());
    }
    return new Isolation(
        bare.killDaemons(), bare.chroot(), bare.repoView(), bare.tmpView(), bare.lmakeView(), bare.lmakeRoot(),
        bare.userName(), bare.resolvConf(), bare.mountChrootOk(), bare.checkAbsPaths(), found);
  }

  /** By name: what Python would give, a text, a dict or None. */
  private Map<String, Object> values(Site site) throws EarlyError, EvalError {
    Map<String, Object> values = new LinkedHashMap<>();
    if (whole.isPresent()) {
      Object all = whole.get().value(site.scope);
      if (all != null && !(all instanceof Map)) throw site.refuse("views is no dict", "{'view': 'dir'}");
      if (all instanceof Map<?, ?> map) map.forEach((name, value) -> values.put(String.valueOf(name), value));
    }
    for (Map.Entry<String, Object> entry : views.entrySet()) {
      values.put(entry.getKey(), value(entry.getValue(), site.scope));
    }
    return values;
  }

  private static Object value(Object view, Scope scope) throws EvalError {
    if (view instanceof Expr expr) return expr.value(scope);
    Overlay overlay = (Overlay) view;
    Map<String, Object> value = new LinkedHashMap<>();
    value.put("upper", overlay.upper.value(scope));
    value.put("lower", texts(overlay.lower, scope));
    value.put("copy_up", texts(overlay.copyUp, scope));
    return value;
  }

  private static List<Object> texts(List<Expr> exprs, Scope scope) throws EvalError {
    List<Object> texts = new ArrayList<>();
    for (Expr expr : exprs) texts.add(expr.value(scope));
    return texts;
  }

  private static Optional<Isolation.View> view(String name, Object value, Site site) throws EarlyError {
    if (value == null || value.equals("")) return Optional.empty();
    String at = local("view", name, site);
    if (at.isEmpty() || at.equals("/")) throw site.refuse("view " + name + " would hide all of it", "a smaller dir");
    boolean inside = !at.startsWith("/");
    if (!(value instanceof Map<?, ?> map)) {
      String dir = physical(name, Python.str(value), inside, site);
      return Optional.of(new Isolation.View(at, false, List.of(dir), List.of()));
    }
    List<String> dirs = new ArrayList<>();
    for (Object dir : items(map.get("upper"))) dirs.add(physical(name, Python.str(dir), inside, site));
    if (dirs.size() != 1) throw site.refuse("view " + name + " has no 'upper'", "'upper': a dir to write in");
    for (Object dir : items(map.get("lower"))) dirs.add(physical(name, Python.str(dir), inside, site));
    for (String dir : dirs) plain(name, dir.startsWith("/") ? dir : site.root + "/" + dir, site);
    if (dirs.size() == 1) throw site.refuse("view " + name + " has no 'lower'", "a plain dir, or a dir to read from");
    List<String> copyUp = new ArrayList<>();
    for (Object item : items(map.get("copy_up"))) copyUp.add(copyUp(name, Python.str(item), site));
    return Optional.of(new Isolation.View(at, true, dirs, copyUp));
  }

  private static List<?> items(Object value) {
    return value == null || value.equals("") ? List.of() : value instanceof List<?> list ? list : List.of(value);
  }

  /** The kernel's options of an overlay are a text in which these would mean something else. */
  private static void plain(String view, String dir, Site site) throws EarlyError {
    for (char c : new char[] {',', ':', '\\'}) {
      if (dir.indexOf(c) >= 0) {
        throw site.refuse("view " + view + " : dir " + dir + " of an overlay holds '" + c + "'", "another name");
      }
    }
  }

  private static String copyUp(String view, String name, Site site) throws EarlyError {
    String path = canonical("copy_up of view " + view, name, site);
    if (name.startsWith("/") || path.isEmpty()) {
      throw site.refuse("copy_up of view " + view + " : " + name + " is not relative to the view", "a name below it");
    }
    return name.endsWith("/") ? path + "/" : path;
  }

  private static String physical(String view, String dir, boolean inside, Site site) throws EarlyError {
    if (dir.isEmpty()) throw site.refuse("view " + view + " has an empty dir", "None for no view");
    String name = dir.equals(".") ? site.root : local("view " + view + ", dir", dir, site);
    if (!site.tmpView.isEmpty() && below(site.tmpView, name)) {
      name = site.tmpDir + name.substring(site.tmpView.length());
    }
    boolean own = !name.startsWith("/") || name.equals(site.root) || below(site.tmpDir, name);
    if (own && !inside) {
      throw site.refuse(
          "view " + view + " is not in the repo, but its dir " + dir + " is, or in the tmp dir",
          "a view in the repo, or a dir elsewhere");
    }
    return name;
  }

  /** Relative to the root of the repo if it is in it, under either of its names. */
  private static String local(String what, String name, Site site) throws EarlyError {
    String path = canonical(what, name, site);
    if (!name.startsWith("/")) return path;
    for (String root : List.of(site.seenRoot, site.root)) {
      if (path.startsWith(root + "/")) return path.substring(root.length() + 1);
    }
    return path.isEmpty() ? "/" : path;
  }

  private static boolean below(String dir, String name) {
    return name.equals(dir) || name.startsWith(dir + "/");
  }

  /** Without slash at the end; the root is empty. */
  private static String canonical(String what, String name, Site site) throws EarlyError {
    String path = name.replaceAll("/+$", "");
    String rest = path.startsWith("/") ? path.substring(1) : path;
    for (String part : path.isEmpty() ? new String[0] : rest.split("/", -1)) {
      if (part.isEmpty() || part.equals(".") || part.equals("..")) {
        throw site.refuse(what + " " + name + " is not canonical", "the name without //, . nor ..");
      }
    }
    return path;
  }
}

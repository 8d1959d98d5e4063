package lmake.report;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * Where a command was called from: names are read and shown as seen from there. Works on text only, links are not
 * followed. Pure.
 *
 * @param root absolute path of the repo
 * @param dir the startup dir relative to the root, "" at the root
 */
public record Place(String root, String dir) {
  /** Names as they are kept: for logs and porcelaine. */
  public Place atRoot() {
    return dir.isEmpty() ? this : new Place(root, "");
  }

  /** A name relative to the root, as seen from the startup dir. */
  public String show(String name) {
    if (dir.isEmpty() || name.startsWith("/")) return name;
    String[] from = dir.split("/");
    String[] to = name.split("/");
    int common = 0;
    while (common < from.length && common < to.length && from[common].equals(to[common])) common++;
    List<String> steps = new ArrayList<>();
    for (int i = common; i < from.length; i++) steps.add("..");
    if (!name.isEmpty()) steps.addAll(Arrays.asList(to).subList(common, to.length));
    return steps.isEmpty() ? "." : String.join("/", steps);
  }

  /** What an argument of the command line stands for: {@link #absolute} below the root, or not. */
  public String absolute(String argument) {
    return normal(argument.startsWith("/") ? argument : root + "/" + dir + "/" + argument);
  }

  /** An absolute normal path relative to the root; begins with {@code ..} when outside, "" for the root itself. */
  public String fromRoot(String absolute) {
    if (absolute.equals(root)) return "";
    if (absolute.startsWith(root + "/")) return absolute.substring(root.length() + 1);
    return new Place("", root.substring(1)).show(absolute.substring(1));
  }

  private static String normal(String path) {
    Deque<String> kept = new ArrayDeque<>();
    for (String step : path.split("/")) {
      if (step.isEmpty() || step.equals(".")) continue;
      if (!step.equals("..")) kept.addLast(step);
      else if (!kept.isEmpty()) kept.removeLast();
    }
    return "/" + String.join("/", kept);
  }
}

package lmake.report;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What goes with a step word of a job: colour, rows of the summary it counts in, whether it has an exec time, whether
 * the stderr of the job comes with it. Pure.
 *
 * @param kinds rows of the summary
 * @param timed it ends an execution, whose duration is shown
 * @param last the status is known: stderr is attached
 */
record Word(Color color, List<String> kinds, boolean timed, boolean last) {
  private static final Map<String, Word> OF_JOBS = new HashMap<>();
  private static final Map<String, Color> OF_NODES = new HashMap<>();

  static {
    ending("done", Color.OK, "done", true);
    ending("steady", Color.OK, "steady", true);
    ending("failed", Color.ERR, "failed", true);
    ending("dep_error", Color.ERR, "failed", true);
    ending("missing_static", Color.ERR, "failed", false);
    ending("lost_err", Color.ERR, "lost_err", true);
    ending("run_loop", Color.ERR, "run_loop", false);
    ending("submit_loop", Color.ERR, "submit_loop", false);
    passing("killed", Color.NOTE, "killed", true);
    passing("completed", Color.NOTE, "completed", true);
    passing("may_rerun", Color.NOTE, "rerun", true);
    passing("rerun", Color.NOTE, "rerun", true);
    passing("early_rerun", Color.NOTE, "early_rerun", false);
    passing("hit_rerun", Color.NOTE, "hit", false);
    passing("lost", Color.WARNING, "lost", true);
    passing("retry", Color.WARNING, "retry", false);
    flow(Color.HIDDEN_NOTE, "start");
    flow(Color.NOTE, "started", "no_dynamic", "expand", "reformat", "update");
    flow(Color.WARNING, "double_start", "frozen", "new_frozen", "changed_frozen", "steady_frozen");
    flow(Color.WARNING, "bad_target", "bad_side_target", "bad_side_dep");
    flow(Color.WARNING, "bad_cache_download", "no_cache_upload", "no_cache_dismiss");
    flow(Color.ERR, "failed_frozen");
    OF_JOBS.put("continue", new Word(Color.HIDDEN_NOTE, List.of(), true, false));
    for (String word : List.of("new", "changed", "steady")) OF_NODES.put(word, Color.HIDDEN_OK);
    for (String word : List.of("unlink", "quarantined", "frozen", "bad_dep", "bad_target", "bad_side_target")) OF_NODES.put(word, Color.WARNING);
    for (String word : List.of("missing", "overwritten", "dangling", "multi", "failed")) OF_NODES.put(word, Color.ERR);
  }

  Word {
    kinds = List.copyOf(kinds);
  }

  static Word ofJob(String word) {
    if (word.startsWith("was_")) {
      Word end = ofJob(word.substring(4));
      return new Word(end.color, end.kinds, false, true);
    }
    if (word.startsWith("hit_") && !word.equals("hit_rerun")) {
      Word end = ofJob(word.substring(4));
      List<String> both = new ArrayList<>(end.kinds);
      both.add("hit");
      return new Word(end.color, both, false, true);
    }
    return OF_JOBS.getOrDefault(word, new Word(Color.NOTE, List.of(), false, false));
  }

  static Color ofNode(String word) {
    return OF_NODES.getOrDefault(word, Color.NOTE);
  }

  private static void ending(String word, Color color, String kind, boolean timed) {
    OF_JOBS.put(word, new Word(color, List.of(kind), timed, true));
  }

  private static void passing(String word, Color color, String kind, boolean timed) {
    OF_JOBS.put(word, new Word(color, List.of(kind), timed, false));
  }

  private static void flow(Color color, String... words) {
    for (String word : words) OF_JOBS.put(word, new Word(color, List.of(), false, false));
  }
}

package lmake.server;

import java.nio.file.Path;
import java.util.Optional;
import lmake.rules.LaunchEnv;
import lmake.rules.RuleBook;
import lmake.rules.SystemPrograms;

/** What jobs are told of the site they run on. Made anew for each book. */
final class LaunchSite {
  private static final String STANDARD_PATH = "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin";

  private final Places places;
  private final RuleBook book;
  private final SystemPrograms programs;

  LaunchSite(Places places, RuleBook book) {
    this.places = places;
    this.book = book;
    this.programs = new SystemPrograms(places.root(), places.installDir(), book.manifest().dirs());
  }

  RuleBook book() {
    return book;
  }

  /**
   * @param keepTmp the command asks to keep tmp dirs
   */
  LaunchEnv env(int job, long attempt, int smallId, boolean keepTmp) {
    return new LaunchEnv(
        places.installDir(),
        places.root(),
        book.python(),
        "",
        STANDARD_PATH,
        attempt,
        smallId,
        book.config().localEnviron(),
        (base, keep) -> tmpDir(job, smallId, base, keep || keepTmp),
        programs);
  }

  /** By small id: jobs that run one after the other have one name, so that the agent can hand an empty dir on. */
  private String tmpDir(int job, int smallId, Optional<String> base, boolean keep) {
    if (keep) return places.root() + "/LMAKE/tmp/" + job;
    if (base.isEmpty()) return places.root() + "/LMAKE/auto_tmp/" + smallId;
    // A dir that other repos may use too.
    String repo = Path.of(places.root()).getFileName() + "-" + Integer.toHexString(places.root().hashCode());
    return base.get() + "/" + repo + "/" + smallId;
  }
}

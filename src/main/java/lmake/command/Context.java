package lmake.command;

import java.util.Optional;
import lmake.base.ExitCode;
import lmake.base.UserError;
import lmake.report.Disk;
import lmake.report.Line;
import lmake.report.Paint;
import lmake.report.Place;
import lmake.report.Video;
import lmake.rules.RuleBook;

/** What every command has at hand once its command line is understood. */
record Context(Site site, Session session, Options options) {
  Place place() {
    return new Place(site.root(), session.startupDir());
  }

  /**
   * Colours as {@code -V}, else {@code LMAKE_VIDEO}, say. Automatic means none: the terminal is the client's to ask.
   */
  Paint paint(RuleBook book) {
    String mode = options.text("--video");
    if (mode.isEmpty()) mode = session.environ().getOrDefault("LMAKE_VIDEO", "");
    Optional<Video> video = Video.of(mode);
    if (!mode.isEmpty() && Video.deprecated(mode)) {
      String letter = video.filter(v -> v == Video.LIGHT).isPresent() ? "l" : "d";
      plain().complain("video mode " + mode + " is deprecated, consider : " + letter);
    }
    return Paint.of(video.orElse(Video.PLAIN), book.config()::color);
  }

  Disk disk() {
    return new Disk(site::exists, site::isDir);
  }

  /** The rules for a tool that does not read the makefiles itself. */
  RuleBook book() throws UserError {
    if (site.rules().isPresent()) return site.rules().get();
    if (site.exists("LMAKE/version")) throw new UserError(ExitCode.SERVER_CRASH, "no config available");
    throw new UserError(ExitCode.VERSION, "repo not initialized, consider : lmake");
  }

  /** Where names are seen from, for those who read them; not for lmake, whose summary says it. */
  void startupLine() {
    if (options.has("--quiet") || place().dir().isEmpty()) return;
    session.out(Line.of("startup dir : " + place().dir()).bytes(place(), Paint.OFF));
  }

  Transcript transcript(RuleBook book) {
    return new Transcript(session, place(), paint(book));
  }

  Transcript plain() {
    return new Transcript(session, place(), Paint.OFF);
  }
}

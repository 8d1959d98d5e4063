package lmake.command;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import lmake.report.Color;
import lmake.report.Jobs;
import lmake.report.Line;
import lmake.report.Sayings;
import lmake.report.StatusLine;

/**
 * Jobs of a req that run now: their {@code start} lines, which come late or never (most jobs are short), and their live
 * output, which must be told apart when several jobs write.
 */
final class StartLines {
  private static final Set<String> FLOWS = Set.of("start", "started", "continue", "retry");

  private final Jobs jobs;
  private final Sayings sayings;
  private final Transcript transcript;
  private final Map<Integer, Running> running = new LinkedHashMap<>();

  /** The job whose output was printed last, with nothing printed since; 0 when there is none. */
  private int speaker;

  /** A running job; {@code rest}: an output line without its end. */
  private static final class Running {
    private long date;
    private long delay;
    private boolean known; // the date of the start
    private boolean said;
    private byte[] rest = new byte[0];
  }

  StartLines(Jobs jobs, Sayings sayings, Transcript transcript) {
    this.jobs = jobs;
    this.sayings = sayings;
    this.transcript = transcript;
  }

  /** Words after which a job goes on. */
  static boolean flows(String word) {
    return FLOWS.contains(word);
  }

  /**
   * The agent says that it started.
   *
   * @param now may be much later, on a machine with much to do
   */
  void started(int job, long date, long now) {
    Running one = running.computeIfAbsent(job, j -> new Running());
    one.date = date;
    one.known = true;
    one.delay = jobs.startDelayNs(job);
    if (late(one, now)) start(job, one);
  }

  /** When it started, or now if that is not known yet. */
  long date(int job, long now) {
    Running one = running.get(job);
    return one != null && one.known ? one.date : now;
  }

  /** The engine had something to say at the start: no other start line will come. */
  void said(int job) {
    running.computeIfAbsent(job, j -> new Running()).said = true;
    speaker = 0;
  }

  /** Whether it has a start line already. */
  boolean told(int job) {
    Running one = running.get(job);
    return one != null && one.said;
  }

  void ended(int job) {
    Running one = running.remove(job);
    if (one != null && one.rest.length > 0) transcript.print(Line.ofJob(one.rest));
    speaker = 0;
  }

  /** Something else was printed. */
  void interleaved() {
    speaker = 0;
  }

  /** When the next start line is due, nanoseconds since the epoch; {@code Long.MAX_VALUE} when none is. */
  long due() {
    long due = Long.MAX_VALUE;
    for (Running one : running.values()) {
      if (one.known && !one.said) due = Math.min(due, one.date + Math.min(one.delay, Long.MAX_VALUE - one.date));
    }
    return due;
  }

  void tick(long now) {
    for (Map.Entry<Integer, Running> entry : running.entrySet()) {
      if (late(entry.getValue(), now)) start(entry.getKey(), entry.getValue());
    }
  }

  private static boolean late(Running one, long now) {
    return one.known && !one.said && now - one.date >= one.delay;
  }

  /** Whole lines are printed; what is left waits for its end. */
  void live(int job, byte[] bytes, long now) {
    Running one = running.computeIfAbsent(job, j -> new Running());
    byte[] text = Arrays.copyOf(one.rest, one.rest.length + bytes.length);
    System.arraycopy(bytes, 0, text, one.rest.length, bytes.length);
    int from = 0;
    for (int i = 0; i < text.length; i++) {
      if (text[i] != '\n') continue;
      announce(job, one, now);
      transcript.print(Line.ofJob(Arrays.copyOfRange(text, from, i)));
      from = i + 1;
    }
    one.rest = Arrays.copyOfRange(text, from, text.length);
  }

  private void announce(int job, Running one, long now) {
    if (!one.said) {
      if (!one.known) one.date = now;
      start(job, one);
    } else if (speaker != job) {
      long exec = one.known ? Math.max(0, now - one.date) : StatusLine.NO_TIME;
      transcript.print(sayings.step(now, "continue", job, exec, Color.HIDDEN_NOTE));
    }
    speaker = job;
  }

  private void start(int job, Running one) {
    one.said = true;
    speaker = job;
    transcript.print(sayings.step(one.date, "start", job, StatusLine.NO_TIME, Color.HIDDEN_NOTE));
  }
}

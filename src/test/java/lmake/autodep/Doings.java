package lmake.autodep;

import java.util.ArrayList;
import java.util.List;
import lmake.graph.Accesses;
import lmake.wire.Access;
import lmake.wire.JobEnd;

/**
 * What a job did, in few letters: {@code r:a.h} is a space separated item. The letters are what happened, in order; a capital
 * one among them says that the file was there before.
 *
 * <pre>
 *   r R   read                    w W   written
 *   t T   existence tested        u U   removed
 *   s S   stat                    l     dir listed
 *   d     named as a dep          a     declared a target by a call
 * </pre>
 *
 * After the name come: {@code +s +i +p} source_ok, incremental, phony; {@code +d +e} readdir_ok, ignore_error; {@code !} changed
 * while the job ran; {@code ^} met with two contents; {@code ~} younger than the date precision when read; {@code #2} member of
 * parallel group 2; {@code ?} found there at the end without having been touched.
 */
final class Doings {
  static final long START = 1_000_000_000_000L;

  /** Sig of a file the job found, and of one it made. */
  static final long SIG = 0x1000;

  static final long OWN_SIG = 0x2000;
  static final long OWN_CRC = 0x3000;

  private Doings() {}

  static List<Access> of(String text) {
    List<Access> list = new ArrayList<>();
    if (text == null || text.isBlank()) return list;
    long date = START;
    for (String item : text.strip().split(" +")) list.add(one(item, date += 1_000_000_000));
    return list;
  }

  private static Access one(String item, long date) {
    int colon = item.indexOf(':');
    String doings = item.substring(0, colon);
    String name = item.substring(colon + 1);
    int targetFlags = (name.contains("+s") ? 16 : 0) | (name.contains("+i") ? 2 : 0) | (name.contains("+p") ? 8 : 0);
    int depFlags = (name.contains("+d") ? 8 : 0) | (name.contains("+e") ? 4 : 0);
    boolean changed = name.contains("!");
    boolean twice = name.contains("^");
    boolean young = name.contains("~");
    boolean found = name.contains("?");
    int group = name.contains("#") ? Integer.parseInt(name.substring(name.indexOf('#') + 1).substring(0, 1)) : 0;
    name = name.replaceAll("(\\+.|!|\\^|~|\\?|#.)", "");
    int bits = twice ? Accesses.UNSTABLE : 0;
    long read = 0;
    long write = 0;
    long allowed = 0;
    boolean there = !doings.equals(doings.toLowerCase(java.util.Locale.ROOT));
    boolean now = there || found;
    for (int i = 0; i < doings.length(); i++) {
      long at = date + i;
      char c = Character.toLowerCase(doings.charAt(i));
      if ("rts".indexOf(c) >= 0) {
        if (write != 0 && read == 0) bits |= Accesses.READ_AFTER_WRITE_ONLY;
        bits |= c == 'r' ? Accesses.L | Accesses.R : c == 't' ? Accesses.T : Accesses.L | Accesses.R | Accesses.T;
        if (there) bits |= Accesses.EXISTED;
        read = read == 0 ? at : read;
      }
      if (c == 'd') bits |= Accesses.REQUIRED;
      if (c == 'd' && read == 0) read = at;
      if (c == 'l') bits |= Accesses.LISTED;
      if (c == 'a') allowed = at;
      if (c == 'a') bits |= Accesses.ALLOW;
      if (c == 'w' || c == 'u') {
        bits |= c == 'w' ? Accesses.WRITE : Accesses.UNLINK;
        write = write == 0 ? at : write;
        now = c == 'w';
      }
    }
    if (group != 0 && read == 0) read = date;
    long firstSig = there ? SIG : 0;
    long endSig = !now ? 0 : write != 0 || found ? OWN_SIG : changed ? SIG + 16 : firstSig;
    long mtime = !there ? 0 : young ? read - 5_000_000 : read - 20_000_000;
    return new Access(
        name, bits, read, write, allowed, firstSig, endSig, mtime, write == 0 && !found ? 0 : now ? OWN_CRC : 1, group, depFlags,
        targetFlags);
  }

  static JobEnd end(String doings) {
    return end(doings, JobEnd.Outcome.EXITED, 0, "");
  }

  static JobEnd end(String doings, JobEnd.Outcome outcome, int waitStatus, String stderr) {
    List<String> messages = switch (outcome) {
      case NOT_STARTED, REFUSED -> List.of("the agent says why");
      default -> List.of();
    };
    return end(doings, outcome, waitStatus, stderr, messages, List.of());
  }

  static JobEnd end(
      String doings, JobEnd.Outcome outcome, int waitStatus, String stderr, List<String> messages, List<JobEnd.PatternCall> calls) {
    return new JobEnd(
        7, outcome, waitStatus, START, START + 250_000_000L, 0, 0, 0, 0, new byte[0],
        stderr.getBytes(java.nio.charset.StandardCharsets.UTF_8), messages, List.of(), of(doings), calls);
  }
}

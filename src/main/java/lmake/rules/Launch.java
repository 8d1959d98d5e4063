package lmake.rules;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * All that is needed to start one job. Immutable.
 *
 * @param interpreter its words, keys replaced in the first one
 * @param text of the command, whole
 * @param words of the command, only for {@link Form#DIRECT}
 * @param environ ordered {@code KEY=value}, all of it but what the tracer adds
 * @param ruleEnviron the same as the rule gives it, before keys are replaced: for people
 * @param stdin file, empty for none
 * @param stdout file, empty to capture
 * @param tmpDir absolute
 * @param timeoutMs 0 = none
 * @param killSigs signals sent in turn, a second apart
 * @param autodep as the rule names it
 * @param startDelay seconds after which a start line is said
 * @param maxStderrLines 0 = no limit
 * @param isolation what of the machine it sees otherwise
 * @param seenRoot of the repo, as it sees it
 */
public record Launch(
    Form form,
    List<String> interpreter,
    String text,
    List<String> words,
    List<String> environ,
    Map<String, String> ruleEnviron,
    String stdin,
    String stdout,
    String tmpDir,
    boolean keepTmp,
    int timeoutMs,
    List<Integer> killSigs,
    String autodep,
    boolean autoMkdir,
    boolean stderrOk,
    boolean readdirOk,
    double startDelay,
    int maxStderrLines,
    Isolation isolation,
    String seenRoot) {
  /** By their numbers on the wire. */
  private static final List<String> TRACERS =
      List.of("none", "ld_preload", "seccomp", "hybrid", "ptrace", "ld_audit", "ld_preload_jemalloc");

  /** How the interpreter gets the command. */
  public enum Form {
    TEXT, // with -c
    SCRIPT, // in a file
    DIRECT // not at all: the command is executed without it
  }

  public Launch {
    interpreter = List.copyOf(interpreter);
    words = List.copyOf(words);
    environ = List.copyOf(environ);
    ruleEnviron = Collections.unmodifiableMap(new LinkedHashMap<>(ruleEnviron));
    killSigs = List.copyOf(killSigs);
  }

  /** True when {@link #text} must be written to a file. */
  public boolean needsScript() {
    return form == Form.SCRIPT;
  }

  /** What to execute; the first word is searched in PATH when it has no slash. {@code script} is not used without one. */
  public List<String> argv(String script) {
    if (form == Form.DIRECT) return words;
    List<String> argv = new ArrayList<>(interpreter);
    if (form == Form.TEXT) argv.add("-c");
    argv.add(form == Form.TEXT ? text : script);
    return Collections.unmodifiableList(argv);
  }

  /** The interpreter and its arguments, the text of the command last: for people. */
  public List<String> shown() {
    List<String> shown = new ArrayList<>(interpreter);
    shown.add(text);
    return Collections.unmodifiableList(shown);
  }

  /** Number of the tracer on the wire. */
  public int tracer() {
    return tracer(autodep);
  }

  /** The number of a method, -1 for what is none. */
  static int tracer(String autodep) {
    return TRACERS.indexOf(autodep);
  }

  /** How the job was watched, in the words of rules: what the host has instead, when it has not what was asked for. */
  public String watchedBy(int tracer) {
    if (tracer < 0 || tracer >= TRACERS.size() || tracer == tracer()) return autodep;
    return TRACERS.get(tracer) + ", in place of " + autodep;
  }
}

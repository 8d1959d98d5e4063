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
    boolean checkAbsPaths,
    double startDelay,
    int maxStderrLines) {
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

  static int tracer(String autodep) {
    return switch (autodep) {
      case "none" -> 0;
      case "ld_preload" -> 1;
      case "seccomp" -> 2;
      case "hybrid" -> 3;
      case "ptrace" -> 4;
      case "ld_audit" -> 5;
      case "ld_preload_jemalloc" -> 6;
      default -> -1;
    };
  }
}

package lmake.rules;

import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the site gives to a job: the values of {@code $LMAKE_ROOT} and alike. All names are absolute and physical.
 *
 * @param lmakeRoot dir of the installation
 * @param pythonLibraryPath what LD_LIBRARY_PATH must be for {@code python}, often empty
 * @param stdPath what bash takes for PATH when there is none
 * @param sequence unique per execution
 * @param smallId unique among the jobs that run, from 1
 * @param backendEnviron where a value {@code ...} comes from
 * @param tmp where the tmp dir is
 * @param programs which commands may be run without a shell
 */
public record LaunchEnv(
    String lmakeRoot,
    String repoRoot,
    String python,
    String pythonLibraryPath,
    String stdPath,
    long sequence,
    long smallId,
    Map<String, String> backendEnviron,
    TmpPlace tmp,
    Programs programs) {
  static final String SHELL = "/bin/bash";

  private static final Pattern KEY = Pattern.compile("\\$(?:\\{(\\w+)\\}|(\\w+))");

  public LaunchEnv {
    backendEnviron = Map.copyOf(backendEnviron);
  }

  /** Chooses the tmp dir of this execution. */
  public interface TmpPlace {
    /**
     * The dir, absolute.
     *
     * @param base value of TMPDIR in the rule, absolute; empty for the usual place
     * @param keep the rule asks to keep it
     */
    String dir(Optional<String> base, boolean keep);
  }

  /** Says which programs can be looked at from here. */
  public interface Programs {
    /**
     * The file a shell would execute for this word, when executing it makes no dep; empty when there is no such file, when it,
     * a dir or a library looked at before could be in the repo, or when only a shell can run it.
     *
     * @param environ of the job, keys replaced
     */
    Optional<String> find(String word, Map<String, String> environ);

    /** Always use a shell. */
    Programs NONE = (word, environ) -> Optional.empty();
  }

  /** Replaces keys, as {@code $KEY} or {@code ${KEY}}; there is no escape, and what is no key stays. */
  String replace(String text, Sight sight) {
    if (text.indexOf('$') < 0) return text;
    Matcher matcher = KEY.matcher(text);
    StringBuilder out = new StringBuilder();
    while (matcher.find()) {
      String key = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
      matcher.appendReplacement(out, Matcher.quoteReplacement(value(key, sight).orElse(matcher.group())));
    }
    return matcher.appendTail(out).toString();
  }

  private Optional<String> value(String key, Sight sight) {
    return switch (key) {
      case "LMAKE_ROOT" -> Optional.of(sight.lmakeRoot());
      case "PHYSICAL_LMAKE_ROOT" -> Optional.of(lmakeRoot);
      case "REPO_ROOT", "TOP_REPO_ROOT" -> Optional.of(sight.repoRoot());
      case "PHYSICAL_REPO_ROOT", "PHYSICAL_TOP_REPO_ROOT" -> Optional.of(repoRoot);
      case "TMPDIR" -> Optional.of(sight.tmpDir());
      case "PHYSICAL_TMPDIR" -> Optional.of(sight.physicalTmpDir());
      case "PYTHON" -> Optional.of(python);
      case "PYTHON_LD_LIBRARY_PATH" -> Optional.of(pythonLibraryPath);
      case "SHELL" -> Optional.of(SHELL);
      case "STD_PATH" -> Optional.of(stdPath);
      case "SEQUENCE_ID" -> Optional.of(Long.toString(sequence));
      case "SMALL_ID" -> Optional.of(Long.toString(smallId));
      default -> Optional.empty();
    };
  }
}

package lmake.server;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import lmake.base.ExitCode;
import lmake.base.UserError;

/**
 * The python3 of the user: {@code $LMAKE_PYTHON}, else the first of {@code $PATH}. Version managers put a script there
 * that takes longer to choose an interpreter than most commands take to run; what it chooses is asked once. Engine's
 * thread, only when the makefiles are read.
 */
final class PythonFinder {
  /** What bash uses when there is no {@code $PATH}. */
  private static final String STANDARD_PATH = "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin";

  private static final int PATIENCE_S = 20;

  private PythonFinder() {}

  /** Absolute name of a real interpreter. */
  static String find(Map<String, String> environ) throws UserError {
    String wanted = environ.getOrDefault("LMAKE_PYTHON", "");
    if (!wanted.isEmpty()) return real(Path.of(wanted), environ);
    String path = environ.getOrDefault("PATH", "");
    for (String dir : (path.isEmpty() ? STANDARD_PATH : path).split(":")) {
      Path file = Path.of(dir, "python3");
      if (dir.startsWith("/") && Files.isExecutable(file) && !Files.isDirectory(file)) return real(file, environ);
    }
    throw refused("cannot read makefiles : no python3 in $PATH, consider : installing it, or setting $LMAKE_PYTHON");
  }

  private static String real(Path file, Map<String, String> environ) throws UserError {
    if (!Files.isExecutable(file)) throw refused("cannot read makefiles : " + file + " cannot be executed");
    return isScript(file) ? ask(file, environ) : file.toAbsolutePath().toString();
  }

  private static boolean isScript(Path file) throws UserError {
    try (InputStream in = Files.newInputStream(file)) {
      return in.read() == '#' && in.read() == '!';
    } catch (IOException e) {
      throw refused("cannot read makefiles : cannot read " + file + " : " + e.getMessage());
    }
  }

  private static String ask(Path script, Map<String, String> environ) throws UserError {
    ProcessBuilder builder =
        new ProcessBuilder(script.toString(), "-I", "-S", "-c", "import sys; print(sys.executable)");
    builder.environment().clear();
    builder.environment().putAll(environ);
    builder.redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")));
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    try {
      Process process = builder.start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (!process.waitFor(PATIENCE_S, TimeUnit.SECONDS)) process.destroyForcibly();
      if (said.startsWith("/") && Files.isExecutable(Path.of(said))) return said;
    } catch (IOException e) {
      throw refused("cannot read makefiles : cannot run " + script + " : " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw refused("cannot read makefiles : " + script + " does not tell which python3 it is, consider : $LMAKE_PYTHON");
  }

  private static UserError refused(String message) {
    return new UserError(ExitCode.BAD_MAKEFILE, message);
  }
}

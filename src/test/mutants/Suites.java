import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import javax.tools.ToolProvider;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Compiles one file and runs test classes one after the other until the first failure; for src/test/mutants/run.
 *
 * <p>Arguments: the file, or {@code -}; the dir for its classes, first in the class path; then {@code CLASS=SECONDS} or
 * {@code CLASS#METHOD=SECONDS}, without the {@code lmake.}. Prints {@code PASSED TEST MILLISECONDS}, and in the end {@code
 * FAILED TEST}, {@code ENDLESS TEST} when its time is over, or {@code UNCOMPILABLE}; status 0 when all passed, 3 when one does
 * not exist. Exits at once: a mutant may hang.
 */
final class Suites implements TestExecutionListener {
  private final String suite;
  private volatile String current;
  private int tests;

  private Suites(String suite) {
    this.suite = suite;
    current = suite;
  }

  public static void main(String[] args) throws ReflectiveOperationException {
    if (!args[0].equals("-")) compile(args[0], args[1]);
    for (int i = 2; i < args.length; i++) {
      int equals = args[i].lastIndexOf('=');
      new Suites(args[i].substring(0, equals)).run(1000L * Integer.parseInt(args[i].substring(equals + 1)));
    }
    end("", 0);
  }

  private static void compile(String file, String out) {
    String[] options = {"-nowarn", "-proc:none", "-d", out, "-cp", System.getProperty("java.class.path"), file};
    if (ToolProvider.getSystemJavaCompiler().run(null, System.out, System.out, options) != 0) end("UNCOMPILABLE", 2);
  }

  private void run(long limitMs) throws ReflectiveOperationException {
    Thread watch = new Thread(() -> watch(limitMs));
    watch.setDaemon(true);
    watch.start();
    long begun = System.nanoTime();
    var request = LauncherDiscoveryRequestBuilder.request().selectors(selectors()).build();
    LauncherFactory.create().execute(request, this);
    if (tests == 0) end("NOTHING " + suite, 3);
    watch.interrupt();
    System.out.println("\nPASSED " + suite + " " + (System.nanoTime() - begun) / 1_000_000);
  }

  private List<DiscoverySelector> selectors() throws ReflectiveOperationException {
    String[] parts = suite.split("#");
    Class<?> type = Class.forName("lmake." + parts[0]);
    if (parts.length == 1) return List.of(selectClass(type));
    List<DiscoverySelector> found = new ArrayList<>();
    for (Method method : type.getDeclaredMethods()) {
      if (method.getName().equals(parts[1])) found.add(selectMethod(type, method));
    }
    if (found.isEmpty()) end("NOTHING " + suite, 3);
    return found;
  }

  private void watch(long limitMs) {
    try {
      Thread.sleep(limitMs);
      end("ENDLESS " + current, 1);
    } catch (InterruptedException e) {
      // in time
    }
  }

  @Override
  public void executionStarted(TestIdentifier test) {
    if (test.isTest()) tests++;
    current = name(test);
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    if (result.getStatus() != TestExecutionResult.Status.FAILED) return;
    String why = result.getThrowable().map(Throwable::toString).orElse("");
    end("FAILED " + name(test) + "\n" + why, 1);
  }

  private String name(TestIdentifier test) {
    String type = suite.replaceAll("#.*", "");
    return test.getSource().filter(MethodSource.class::isInstance)
        .map(source -> type + "#" + ((MethodSource) source).getMethodName()).orElse(type);
  }

  private static void end(String last, int status) {
    System.out.println("\n" + last);
    System.out.flush();
    Runtime.getRuntime().halt(status);
  }
}

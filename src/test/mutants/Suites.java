import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs one test class until its first failure, which is printed; for src/test/mutants/run. Exits at once: a mutant may hang. */
final class Suites {
  public static void main(String[] args) throws ReflectiveOperationException {
    var request = LauncherDiscoveryRequestBuilder.request().selectors(selectClass(Class.forName("lmake." + args[0]))).build();
    LauncherFactory.create().execute(request, new TestExecutionListener() {
      @Override
      public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (result.getStatus() != TestExecutionResult.Status.FAILED) return;
        System.out.println("\nFAILED " + args[0].replaceAll(".*\\.", "") + "." + test.getDisplayName());
        result.getThrowable().ifPresent(e -> System.out.println(e));
        System.out.flush();
        Runtime.getRuntime().halt(1);
      }
    });
    Runtime.getRuntime().halt(0);
  }
}

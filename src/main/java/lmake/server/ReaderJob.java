package lmake.server;

import com.grack.nanojson.JsonWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import lmake.base.ExitCode;
import lmake.base.UserError;
import lmake.wire.AgentOrder;
import lmake.wire.JobEnd;

/**
 * The run of the reader of makefiles, as a job of the agent: interpreter, environment, files. The environment of the
 * user goes through a private file, since only what is looked up there must count.
 */
final class ReaderJob {
  /** Above any number the engine gives to an execution. */
  static final long FIRST_SEQ = 1L << 62;

  private static final Path ENVIRON = Path.of(Places.PRIVATE, "reader_environ");
  private static final Path DIGEST = Path.of(Places.PRIVATE, "digest.new");
  private static final String TMP = "LMAKE/lmakefile_tmp/config";
  private static final String STANDARD_PATH = "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin";
  private static final int HYBRID = 3;

  private ReaderJob() {}

  /** Prepares the files of a run. */
  static AgentOrder.Start prepare(Places places, long seq, String python, Map<String, String> userEnviron)
      throws IOException {
    Files.deleteIfExists(DIGEST);
    Files.deleteIfExists(ENVIRON);
    Files.createFile(ENVIRON, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.write(ENVIRON, WorkerLink.ascii(JsonWriter.string(userEnviron)).getBytes(StandardCharsets.US_ASCII));
    List<String> argv = List.of(
        python, "-I", "-S", places.python("lmake_reader.py"), places.root(), places.root() + "/" + DIGEST, "all");
    int flags = AgentOrder.Start.KEEP_TMP | AgentOrder.Start.RECORD_ALL | AgentOrder.Start.ONE_STREAM;
    return new AgentOrder.Start(
        seq, Integer.MAX_VALUE, argv, environ(places), "", ENVIRON.toString(), "", places.root() + "/" + TMP, flags,
        HYBRID, 0, List.of(), List.of(), List.of());
  }

  /** The lines the reader left, but for the one about its phases, which are all of one run here. */
  static List<String> digest() throws IOException {
    List<String> lines = Files.readAllLines(DIGEST, StandardCharsets.US_ASCII);
    lines.removeIf(line -> line.startsWith("{\"kind\":\"split\""));
    return lines;
  }

  /** Why a run of the reader gave nothing; it has printed what python had to say. Empty when all went well. */
  static Optional<UserError> failure(JobEnd end) {
    int status = end.waitStatus();
    String why = "";
    if (end.outcome() == JobEnd.Outcome.SIGNALED) why = "python was killed by signal " + (status & 0x7f);
    else if (end.outcome() == JobEnd.Outcome.EXITED && status == 0 && !Files.exists(DIGEST)) {
      why = "a makefile made python exit before all was read";
    } else if (end.outcome() == JobEnd.Outcome.EXITED && status == 0) return Optional.empty();
    else if (end.stderr().length == 0 && end.messages().isEmpty()) why = "python exited with status " + (status >> 8);
    return Optional.of(new UserError(ExitCode.BAD_MAKEFILE, why.isEmpty() ? "" : "cannot read config : " + why));
  }

  static void clean() throws IOException {
    Files.deleteIfExists(ENVIRON);
    Files.deleteIfExists(DIGEST);
  }

  private static List<String> environ(Places places) throws IOException {
    String root = places.root();
    List<String> environ = new ArrayList<>();
    environ.add("HOME=" + root);
    environ.add("PWD=" + root);
    environ.add("PATH=" + places.installDir() + "/bin:" + STANDARD_PATH);
    environ.add("PYTHONPATH=" + places.installDir() + "/lib/python:");
    environ.add("SHLVL=1");
    environ.add("UID=" + Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    environ.add("USER=" + Files.getOwner(Path.of("/proc/self")).getName());
    environ.add("TMPDIR=" + root + "/" + TMP);
    environ.add("TOP_REPO_ROOT=" + root);
    environ.add("REPO_ROOT=" + root);
    return environ;
  }
}

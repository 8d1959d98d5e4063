package lmake.command;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import lmake.base.Bug;
import lmake.base.ExitCode;

/** A client that keeps what it is told. */
final class FakeSession implements Session {
  private final String tool;
  private final List<String> args;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  final Map<String, String> environ = new HashMap<>();
  String startupDir = "";
  boolean readOnly;
  private int code = -1;

  FakeSession(String tool, String... args) {
    this.tool = tool;
    this.args = List.of(args);
  }

  FakeSession from(String dir) {
    startupDir = dir;
    return this;
  }

  FakeSession with(String variable, String value) {
    environ.put(variable, value);
    return this;
  }

  /** What was printed on stdout, one char per byte. */
  String said() {
    return out.toString(StandardCharsets.ISO_8859_1);
  }

  String complained() {
    return err.toString(StandardCharsets.ISO_8859_1);
  }

  /** -1 before the end. */
  int code() {
    return code;
  }

  @Override
  public String tool() {
    return tool;
  }

  @Override
  public List<String> args() {
    return args;
  }

  @Override
  public String startupDir() {
    return startupDir;
  }

  @Override
  public Map<String, String> environ() {
    return environ;
  }

  @Override
  public boolean stdoutIsTty() {
    return false;
  }

  @Override
  public boolean sameTty() {
    return false;
  }

  @Override
  public boolean readOnlyRepo() {
    return readOnly;
  }

  @Override
  public void out(byte[] bytes) {
    out.writeBytes(bytes);
  }

  @Override
  public void err(byte[] bytes) {
    err.writeBytes(bytes);
  }

  @Override
  public void exit(ExitCode exit) {
    Bug.check(code < 0, "ended twice");
    code = exit.number();
  }

  @Override
  public boolean closed() {
    return code >= 0;
  }
}

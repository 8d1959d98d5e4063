package lmake.server;

import java.util.List;
import java.util.Map;
import lmake.base.ExitCode;
import lmake.command.Session;

/** The terminal of a server that was started by hand, as if it were a client. Engine's thread. */
final class Console implements Session {
  private final String tool;
  private final Runnable ended;
  private ExitCode code = ExitCode.OK;
  private boolean closed;

  /**
   * @param ended called once, when the command is over
   */
  Console(String tool, Runnable ended) {
    this.tool = tool;
    this.ended = ended;
  }

  /** How it ended. */
  ExitCode code() {
    return code;
  }

  @Override
  public String tool() {
    return tool;
  }

  @Override
  public List<String> args() {
    return List.of();
  }

  @Override
  public String startupDir() {
    return "";
  }

  @Override
  public Map<String, String> environ() {
    return System.getenv();
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
    return false;
  }

  @Override
  public void out(byte[] bytes) {
    System.out.write(bytes, 0, bytes.length);
    System.out.flush();
  }

  @Override
  public void err(byte[] bytes) {
    System.err.write(bytes, 0, bytes.length);
    System.err.flush();
  }

  @Override
  public void exit(ExitCode status) {
    if (closed) return;
    closed = true;
    code = status;
    ended.run();
  }

  @Override
  public boolean closed() {
    return closed;
  }
}

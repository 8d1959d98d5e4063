package lmake.command;

import java.util.List;
import java.util.Map;
import lmake.base.ExitCode;

/** One client and its command line. Output is queued, never blocks the caller, and is lost when the client is gone. */
public interface Session {
  /** Name under which the client was called: lmake, lshow… */
  String tool();

  List<String> args();

  /** Where it was called, relative to the root, "" at the root. */
  String startupDir();

  Map<String, String> environ();

  boolean stdoutIsTty();

  /** Standard input and output are one terminal. */
  boolean sameTty();

  boolean readOnlyRepo();

  void out(byte[] bytes);

  void err(byte[] bytes);

  /** Ends the command; whatever is printed later is lost. */
  void exit(ExitCode code);

  /** True once the client is gone or was told to exit. */
  boolean closed();
}

package lmake.command;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import lmake.base.ExitCode;
import lmake.base.UserError;
import lmake.report.Printable;

/** The door of this package: a client and its command line come in, the right command runs. */
public final class Commands {
  private Commands() {}

  /**
   * Runs the command of a session. Mistakes of the user end it with a message; the session is ended in all cases, in
   * time.
   */
  public static void run(Site site, Session session) {
    Optional<Command> command = command(session.tool());
    if (command.isPresent()) {
      attempt(site, session, command.get(), () -> start(site, session, command.get()));
    } else {
      say(session, session.tool() + ": not available in this version");
      session.exit(ExitCode.FAIL);
    }
  }

  private static Optional<Command> command(String tool) {
    return switch (tool) {
      case "lmake" -> Optional.of(new LmakeCommand());
      case "lshow" -> Optional.of(new LshowCommand());
      case "lforget" -> Optional.of(new LforgetCommand());
      case "lmark" -> Optional.of(new LmarkCommand());
      case "lcollect" -> Optional.of(new LcollectCommand());
      case "lmake_dump" -> Optional.of(new DumpCommand());
      default -> Optional.empty();
    };
  }

  /**
   * Runs a part of a command: a mistake of the user in it ends the session with a message. Callbacks go through here.
   */
  static void attempt(Site site, Session session, Command command, Task task) {
    try {
      task.run();
    } catch (UserError e) {
      refuse(site, session, command, e);
    }
  }

  /** Part of a command. */
  interface Task {
    void run() throws UserError;
  }

  private static void start(Site site, Session session, Command command) throws UserError {
    Options options = command.spec().parse(args(session));
    if (options.has("--help")) {
      session.err(command.spec().usage(site.installDir()).getBytes(StandardCharsets.UTF_8));
      session.exit(ExitCode.USAGE);
    } else if (options.has("--version")) {
      say(session, ToolSpec.VERSION);
      session.exit(ExitCode.OK);
    } else if (session.readOnlyRepo() && !session.tool().equals("lshow")) {
      throw new UserError(ExitCode.PERMISSION, "cannot run in read-only repository");
    } else {
      command.run(new Context(site, session, options));
    }
  }

  /** Says what is wrong, where scripts expect it: a soft error of a tool that asks is an answer like another. */
  private static void refuse(Site site, Session session, Command command, UserError e) {
    boolean soft = e.code() == ExitCode.FAIL && !session.tool().equals("lmake");
    if (soft) session.out(Printable.bytes(e.getMessage() + "\n"));
    else say(session, e.getMessage());
    if (e.code() == ExitCode.USAGE) {
      session.err(command.spec().usage(site.installDir()).getBytes(StandardCharsets.UTF_8));
    }
    session.exit(e.code());
  }

  private static List<String> args(Session session) {
    String more = session.environ().getOrDefault("LMAKE_ARGS", "");
    if (!session.tool().equals("lmake") || more.isBlank()) return session.args();
    List<String> args = new ArrayList<>(List.of(more.trim().split("\\s+")));
    args.addAll(session.args());
    return args;
  }

  private static void say(Session session, String message) {
    session.err(Printable.bytes(message + "\n"));
  }
}

package lmake.server;

import lmake.base.ExitCode;
import lmake.base.UserError;

/**
 * Command line of the server, made by the client: {@code --server --root DIR [--readonly] [--socket NAME]}, with {@code
 * --stay} for {@code lmake_server}, {@code --repair} for {@code lmake_repair}.
 *
 * @param socket where to listen, {@link Places#SOCKET} unless told otherwise
 * @param stay in the foreground and until interrupted, clients or not
 * @param repair serve nobody, fill a new {@code LMAKE} instead
 */
record ServerOptions(String root, boolean readOnly, String socket, boolean stay, boolean repair) {
  static ServerOptions parse(String[] args) throws UserError {
    String root = "";
    String socket = Places.SOCKET.toString();
    boolean readOnly = false;
    boolean stay = false;
    boolean repair = false;
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--server" -> {}
        case "--readonly" -> readOnly = true;
        case "--stay" -> stay = true;
        case "--repair" -> repair = true;
        case "--root" -> root = value(args, ++i);
        case "--socket" -> socket = value(args, ++i);
        default -> throw usage("unknown argument : " + args[i]);
      }
    }
    if (!root.startsWith("/")) throw usage("--root must be an absolute dir");
    return new ServerOptions(root, readOnly, socket, stay, repair);
  }

  private static String value(String[] args, int i) throws UserError {
    if (i >= args.length) throw usage(args[i - 1] + " needs a value");
    return args[i];
  }

  private static UserError usage(String message) {
    return new UserError(ExitCode.USAGE, message);
  }
}

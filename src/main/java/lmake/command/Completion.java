package lmake.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Run when lmake is built: writes the bash completion of each tool, as a file named after it, in the given dir. */
final class Completion {
  private Completion() {}

  public static void main(String[] args) throws IOException {
    Path dir = Files.createDirectories(Path.of(args[0]));
    for (Command command : List.of(new LmakeCommand(), new LshowCommand(), new LforgetCommand(), new LmarkCommand(), new LcollectCommand())) {
      Files.writeString(dir.resolve(command.spec().tool()), new Parser(command.spec()).completion());
    }
  }
}

package lmake.command;

import java.util.List;
import java.util.Optional;
import lmake.base.ExitCode;
import lmake.base.UserError;
import lmake.report.Place;
import lmake.rules.Manifest;

/** What the files of a command line stand for. Text only: neither disk nor graph is looked at. */
final class Arguments {
  private Arguments() {}

  /** The name of a file, empty when it is outside the repo and its source dirs, the root itself, or ours. */
  static Optional<String> name(String argument, Place place, Manifest manifest) {
    String absolute = place.absolute(argument);
    String name = place.fromRoot(absolute);
    if (name.isEmpty() || name.equals("LMAKE/lmake") || name.startsWith("LMAKE/lmake/")) return Optional.empty();
    if (name.equals("..") || name.startsWith("../")) {
      // Source dirs are declared either way; files in them go by that name.
      for (String outside : List.of(name, absolute)) if (manifest.inSourceDir(outside)) return Optional.of(outside);
      return Optional.empty();
    }
    return Optional.of(name);
  }

  /** The same for the tools that ask or mark. */
  static String known(String argument, Place place, Manifest manifest) throws UserError {
    return name(argument, place, manifest)
        .orElseThrow(() -> new UserError(ExitCode.FAIL, "file is outside repo : " + argument));
  }
}

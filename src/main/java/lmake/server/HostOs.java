package lmake.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this host runs: {@code debian/"12"/x86_64}. Told to people; with another one, jobs run again. */
final class HostOs {
  static final String NAME = name();

  private HostOs() {}

  private static String name() {
    String machine = System.getProperty("os.arch").equals("amd64") ? "x86_64" : System.getProperty("os.arch");
    return field("ID") + "/" + field("VERSION_ID") + "/" + machine;
  }

  private static String field(String key) {
    try {
      for (String line : Files.readAllLines(Path.of("/etc/os-release"))) {
        if (line.startsWith(key + "=")) return line.substring(key.length() + 1);
      }
    } catch (IOException e) {
      return "unknown"; // a system that does not say what it is
    }
    return "";
  }
}

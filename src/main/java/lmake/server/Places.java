package lmake.server;

import java.nio.file.Path;

/**
 * Where things are. The process lives in the root of the repo, so that names of the repo are used as they are (and a
 * socket's name stays short).
 *
 * @param root absolute and physical
 * @param installDir of the installation: {@code bin}, {@code lib}
 */
record Places(String root, String installDir) {
  /** Ours alone, mode 0700. */
  static final String PRIVATE = "LMAKE/lmake";

  static final Path SOCKET = Path.of(PRIVATE, "server.sock");
  static final Path SERVER_LOCK = Path.of(PRIVATE, "server.lock");

  /** Held by whoever starts a server, and by a server that leaves. */
  static final Path START_LOCK = Path.of(PRIVATE, "start.lock");

  static final Path LOG = Path.of(PRIVATE, "server.log");
  static final Path STORE = Path.of(PRIVATE, "store");

  /** Tells everybody that a server is alive. */
  static final Path MARKER = Path.of("LMAKE", "server");

  String agent() {
    return installDir + "/bin/lmake_agent";
  }

  String preload() {
    return installDir + "/lib/liblmake_preload.so";
  }

  Path nativeLibrary() {
    return Path.of(installDir, "lib", "liblmake.so");
  }

  String python(String script) {
    return installDir + "/lib/python/" + script;
  }
}

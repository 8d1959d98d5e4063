package lmake.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * An agent that runs nothing: a python script that speaks frames. A job ends at once with the last word of its argv as
 * stdout, but for these commands: {@code wait} ends when it is killed, {@code crash} kills the agent, {@code garbage}
 * makes it send nonsense.
 */
final class FakeAgent {
  private static final String SCRIPT =
      """
      #!/usr/bin/env -S python3 -I -S
      import os, struct, sys
      def need(n):
          data = b''
          while len(data) < n:
              block = os.read(0, n - len(data))
              if not block: os._exit(0)
              data += block
          return data
      def frame(kind, payload):
          os.write(1, struct.pack('<IB', len(payload) + 1, kind) + payload)
      def string(s):
          return struct.pack('<I', len(s)) + s
      def end(seq, outcome, out):
          frame(2, struct.pack('<QBiqqQQQQ', seq, outcome, 0, 1, 2, 0, 0, 0, 0) + string(out) + string(b'') + struct.pack('<IIII', 0, 0, 0, 0))
      while True:
          size, = struct.unpack('<I', need(4))
          body = need(size)
          kind, body = body[0], body[1:]
          if kind == 2:
              seq, small, n = struct.unpack_from('<QQI', body)
              at, words = 20, []
              for _ in range(n):
                  length, = struct.unpack_from('<I', body, at)
                  words.append(body[at + 4:at + 4 + length])
                  at += 4 + length
              frame(1, struct.pack('<QqIB', seq, 5, os.getpid(), 0))
              if words[-1] == b'wait': continue
              if words[-1] == b'crash': os._exit(3)
              if words[-1] == b'garbage': os.write(1, b'xxxxxxxxxxxx')
              else: end(seq, 0, b'%d %s' % (small, words[-1]))
          if kind == 3:
              end(struct.unpack_from('<Q', body)[0], 3, b'')
      """;

  private FakeAgent() {}

  /** Makes an installation of it below a dir. */
  static Places install(Path dir) throws IOException {
    Path bin = Files.createDirectories(dir.resolve("bin"));
    Path agent = bin.resolve("lmake_agent");
    Files.writeString(agent, SCRIPT);
    Files.setPosixFilePermissions(agent, PosixFilePermissions.fromString("rwxr-xr-x"));
    return new Places(dir.toString(), dir.toString());
  }
}

package lmake.rules;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The programs of the system: those whose execution makes no dep, because neither they nor the dirs of PATH before theirs are
 * in the repo or in a source dir. Looks at the disk, some 20 us a program; nothing is remembered, since programs come and go.
 */
public final class SystemPrograms implements LaunchEnv.Programs {
  /** What the tracer never records, short of a source dir in it. */
  private static final List<String> SYSTEM = List.of("/bin/", "/opt/", "/sbin/", "/usr/", "/lib/", "/lib64/");

  private static final Optional<String> NO = Optional.empty();

  private final String repoRoot;
  private final String lmakeRoot;
  private final List<String> sourceDirs;

  /** Names are absolute and physical, source dirs as declared. */
  public SystemPrograms(String repoRoot, String lmakeRoot, Iterable<String> sourceDirs) {
    this.repoRoot = repoRoot + "/";
    this.lmakeRoot = lmakeRoot + "/";
    this.sourceDirs = java.util.stream.StreamSupport.stream(sourceDirs.spliterator(), false)
        .filter(dir -> dir.startsWith("/") || dir.startsWith("../"))
        .map(dir -> Path.of(repoRoot).resolve(dir).normalize() + "/")
        .toList();
  }

  @Override
  public Optional<String> find(String word, Map<String, String> environ) {
    // The tracer learns of the libraries of a program from the process that executes it: here there is none.
    for (String dir : environ.getOrDefault("LD_LIBRARY_PATH", "").split(":")) if (!dir.isEmpty() && !ours(dir + "/")) return NO;
    if (environ.containsKey("LD_PRELOAD") || environ.containsKey("LD_AUDIT")) return NO;
    if (word.indexOf('/') >= 0) return ours(word) && runnable(word) ? Optional.of(word) : NO;
    for (String dir : environ.getOrDefault("PATH", "").split(":", -1)) {
      if (!ours(dir + "/")) return NO;
      String file = dir + "/" + word;
      // As bash does: what is no file, or may not be executed, is passed over.
      if (executable(file)) return runnable(file) ? Optional.of(file) : NO;
    }
    return NO;
  }

  /** True when nothing below can be a dep. */
  private boolean ours(String name) {
    if (!name.startsWith("/") || name.contains("//") || name.contains("/.") || local(name)) return false;
    if (name.startsWith(lmakeRoot)) return true;
    for (String dir : SYSTEM) if (name.startsWith(dir)) return true;
    return false;
  }

  /** True for a name in the repo or a source dir, or of a dir that leads to one. */
  private boolean local(String name) {
    if (name.startsWith(repoRoot)) return true;
    for (String dir : sourceDirs) if (name.startsWith(dir) || dir.startsWith(name)) return true;
    return false;
  }

  private static boolean executable(String file) {
    try {
      Path path = Path.of(file);
      return Files.isRegularFile(path) && Files.isExecutable(path);
    } catch (InvalidPathException e) {
      return false; // a word no file can be named after, in the encoding of this host
    }
  }

  /** True when the kernel can execute it; bash itself runs a script without a first line that names its interpreter. */
  private boolean runnable(String file) {
    if (!executable(file)) return false;
    try (InputStream in = Files.newInputStream(Path.of(file))) {
      if (local(Path.of(file).toRealPath().toString())) return false;
      String head = new String(in.readNBytes(128), StandardCharsets.ISO_8859_1);
      if (head.startsWith("\u007fELF")) return true;
      return head.startsWith("#!") && ours(head.substring(2).strip().split("[ \t\n]", 2)[0]);
    } catch (IOException e) {
      return false; // not for us to read: let the shell try
    }
  }
}

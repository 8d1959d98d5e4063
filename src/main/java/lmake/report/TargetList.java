package lmake.report;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * {@code LMAKE/targets}: what was ever asked of lmake, one per line, the latest last. Blocking, small; engine's thread.
 */
public final class TargetList {
  private TargetList() {}

  /** Adds names, each once: one that is there moves to the end. */
  public static void add(Path admin, Collection<String> names) throws IOException {
    if (names.isEmpty()) return;
    Path file = admin.resolve("targets");
    // Bytes held one per char: names need not be UTF-8.
    Set<String> lines = new LinkedHashSet<>();
    // Split by hand: a carriage return may be part of a name.
    if (Files.exists(file)) lines.addAll(List.of(Files.readString(file, StandardCharsets.ISO_8859_1).split("\n")));
    lines.remove("");
    List<String> before = new ArrayList<>(lines);
    for (String name : names) {
      String line = new String(Printable.bytes(name), StandardCharsets.ISO_8859_1);
      lines.remove(line);
      lines.add(line);
    }
    if (new ArrayList<>(lines).equals(before)) return;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (String line : lines) out.writeBytes((line + "\n").getBytes(StandardCharsets.ISO_8859_1));
    Path fresh = admin.resolve("targets.new");
    Files.write(fresh, out.toByteArray());
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }
}

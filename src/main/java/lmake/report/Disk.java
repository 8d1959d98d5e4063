package lmake.report;

import java.util.function.Predicate;

/**
 * What stands on disk, asked for advice only: what is built never depends on it.
 *
 * @param exists whether anything stands at a name
 * @param dir whether it is a dir, not behind a link
 */
public record Disk(Predicate<String> exists, Predicate<String> dir) {
  boolean has(String name) {
    return exists.test(name);
  }

  boolean hasDir(String name) {
    return dir.test(name);
  }
}

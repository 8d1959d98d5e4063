package lmake.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import lmake.command.Site;
import lmake.engine.Action.Removal;

/** The tree of the repo for a command that cleans it: no link is followed, whatever is put there meanwhile. */
final class RepoTree implements Site.Tree {
  private final Disk disk;
  private final Lib lib;

  RepoTree(Disk disk, Lib lib) {
    this.disk = disk;
    this.lib = lib;
  }

  @Override
  public Site.Kind kind(String name) {
    if (name.isEmpty()) return Site.Kind.DIR;
    return switch (disk.look(new String[] {name}, new long[1], false)[0].kind()) {
      case ABSENT -> Site.Kind.ABSENT;
      case REGULAR, EXECUTABLE, LINK -> Site.Kind.FILE;
      case DIR -> Site.Kind.DIR;
      case SPECIAL -> Site.Kind.SPECIAL;
      case BEHIND_LINK -> Site.Kind.BEHIND_LINK;
    };
  }

  @Override
  public List<Site.Entry> list(String dir) {
    List<Site.Entry> entries = new ArrayList<>();
    try (var stream = Files.newDirectoryStream(Path.of(dir))) {
      for (Path path : stream) {
        var attributes = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        Site.Kind kind =
            attributes.isDirectory() ? Site.Kind.DIR : attributes.isOther() ? Site.Kind.SPECIAL : Site.Kind.FILE;
        String name = path.getFileName().toString();
        // A name that Java cannot spell back is one of a file we could not touch.
        entries.add(new Site.Entry(name, name.indexOf('\uFFFD') < 0 ? kind : Site.Kind.SPECIAL));
      }
    } catch (IOException e) {
      // Unreadable, or removed meanwhile: what cannot be seen is left alone.
      ServerLog.say("cannot read " + dir + ": " + e);
      return List.of(new Site.Entry("", Site.Kind.SPECIAL));
    }
    entries.sort(Comparator.comparing(Site.Entry::name));
    return entries;
  }

  @Override
  public List<Site.Content> look(List<String> names, long[] knownSigs) {
    List<Site.Content> contents = new ArrayList<>();
    for (Disk.Seen one : disk.look(names.toArray(new String[0]), knownSigs, true)) {
      contents.add(new Site.Content(one.sig(), one.crc()));
    }
    return contents;
  }

  @Override
  public boolean unlink(String name, long sig) {
    return disk.remove(name, Removal.WASH, sig) != Removal.LEFT;
  }

  @Override
  public boolean quarantine(String name) {
    return lib.lmake_quarantine(NativeDisk.terminated(name), NativeDisk.terminated("")) == 0;
  }

  @Override
  public boolean rmdir(String dir) {
    return lib.lmake_rmdir_at(NativeDisk.terminated(dir)) == 0;
  }
}

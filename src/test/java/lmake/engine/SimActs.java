package lmake.engine;

import java.util.List;
import lmake.engine.Event.FileKind;

/**
 * What a job can do. A recipe of the simulator is written against this alone, so that the same lines are run by a {@link SimJob}
 * on a fake disk, one act at a time, and by the slow model {@link SimClean}, which makes each file it is asked for on the spot.
 */
interface SimActs {
  /** Content, through links; null when there is no file. */
  String read(String name);

  /** Whether there is a file, through links. */
  boolean exists(String name);

  /** Text of a link; null when it is none. */
  String readlink(String name);

  /** Names deps in one call, in parallel, without reading them. */
  void need(List<String> names, int depFlags);

  /** The same, and waits for them to be made; false when one is in error. */
  boolean build(List<String> names, int depFlags);

  /** Status and checksum of files, one line each, as they are known now. */
  List<String> tell(List<String> names, int depFlags);

  /** Asks to be ended if what was read is not up to date; with {@code sync}, waits to hear that it is. */
  void checkDeps(boolean sync);

  /** What stands at a target of this job before it writes it, for jobs that start from what is there. */
  String former(String name);

  void write(String name, String content, FileKind kind);

  void unlink(String name);

  /** The job says that it failed. */
  void fail();
}

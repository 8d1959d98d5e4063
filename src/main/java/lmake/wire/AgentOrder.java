package lmake.wire;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** From the server to an agent. */
public sealed interface AgentOrder {
  ByteBuffer encode();

  /**
   * Before anything else, and again when the makefiles change it.
   *
   * @param sourceDirs as declared: absolute or {@code ../x/}
   * @param logDir where the access logs of jobs lie, a tmpfs when there is one
   */
  record Configure(
      String root, String installDir, List<String> sourceDirs, int linkSupport, int maxStderr, String logDir)
      implements AgentOrder {
    public Configure {
      sourceDirs = List.copyOf(sourceDirs);
    }

    @Override
    public ByteBuffer encode() {
      return new WireWriter(1)
          .str(root)
          .str(installDir)
          .strs(sourceDirs)
          .u8(linkSupport)
          .u32(maxStderr)
          .str(logDir)
          .frame();
    }
  }

  /** Run a job; exactly one end comes back. Fields are those of src/doc/protocols.md, section 3. */
  record Start(
      long seq,
      long smallId,
      List<String> argv,
      List<String> environ,
      String cwd,
      String stdin,
      String stdout,
      String tmpDir,
      int flags,
      int autodep,
      int timeoutMs,
      List<Integer> killSigs,
      List<PreAction> preActions,
      List<String> wanted,
      Isolation isolation)
      implements AgentOrder {
    public static final int KEEP_TMP = 1;
    public static final int LIVE_OUT = 2;
    public static final int RECORD_ALL = 4;
    public static final int AUTO_MKDIR = 8;
    public static final int ONE_STREAM = 16;

    public Start {
      argv = List.copyOf(argv);
      environ = List.copyOf(environ);
      killSigs = List.copyOf(killSigs);
      preActions = List.copyOf(preActions);
      wanted = List.copyOf(wanted);
    }

    @Override
    public ByteBuffer encode() {
      WireWriter out = new WireWriter(2).u64(seq).u64(smallId).strs(argv).strs(environ).str(cwd).str(stdin).str(stdout);
      out.str(tmpDir).u8(flags).u8(autodep).u32(timeoutMs).u32(killSigs.size());
      for (int signal : killSigs) out.u8(signal);
      out.u32(preActions.size());
      for (PreAction action : preActions) out.u8(action.what).str(action.name).u64(action.sig).str(action.note);
      return isolation.write(out.strs(wanted)).frame();
    }

    private static Start decode(WireReader in) throws WireException {
      return new Start(
          in.u64(), in.u64(), in.strs(), in.strs(), in.str(), in.str(), in.str(), in.str(), in.u8(), in.u8(), in.u32(),
          signals(in), preActions(in), in.strs(), Isolation.read(in));
    }

    private static List<Integer> signals(WireReader in) throws WireException {
      List<Integer> signals = new ArrayList<>();
      for (int left = in.count(1); left > 0; left--) signals.add(in.u8());
      return signals;
    }

    private static List<PreAction> preActions(WireReader in) throws WireException {
      List<PreAction> actions = new ArrayList<>();
      for (int left = in.count(17); left > 0; left--) {
        actions.add(new PreAction(in.u8(), in.str(), in.u64(), in.str()));
      }
      return actions;
    }
  }

  /**
   * What of the machine a job sees otherwise; empty where nothing is asked.
   *
   * @param flags the constants below
   * @param chroot {@code /}: namespaces alone
   */
  record Isolation(
      int flags, String chroot, String repoView, String tmpView, String lmakeView, String lmakeRoot, List<View> views) {
    public static final int KILL_DAEMONS = 1;
    public static final int MOUNTS = 2;
    public static final int MOUNT_OK = 4;
    public static final int CHECK_PATHS = 8;
    public static final int USER_NAME = 16;
    public static final int RESOLV_CONF = 32;

    /** A job like any other process. */
    public static final Isolation NONE = new Isolation(0, "", "", "", "", "", List.of());

    public Isolation {
      views = List.copyOf(views);
    }

    private WireWriter write(WireWriter out) {
      out.u8(flags).str(chroot).str(repoView).str(tmpView).str(lmakeView).str(lmakeRoot).u32(views.size());
      for (View view : views) out.str(view.at).u8(view.overlay ? 1 : 0).strs(view.dirs).strs(view.copyUp);
      return out;
    }

    private static Isolation read(WireReader in) throws WireException {
      return new Isolation(in.u8(), in.str(), in.str(), in.str(), in.str(), in.str(), views(in));
    }

    private static List<View> views(WireReader in) throws WireException {
      List<View> views = new ArrayList<>();
      for (int left = in.count(13); left > 0; left--) views.add(new View(in.str(), in.u8() != 0, in.strs(), in.strs()));
      return views;
    }
  }

  /**
   * A dir seen elsewhere.
   *
   * @param at relative to the root of the repo when it is in it
   * @param dirs likewise; of an overlay the upper one first
   */
  record View(String at, boolean overlay, List<String> dirs, List<String> copyUp) {
    public View {
      dirs = List.copyOf(dirs);
      copyUp = List.copyOf(copyUp);
    }
  }

  /**
   * What to do to a file before the job.
   *
   * @param what 1 wash, 2 unlink, 3 uniquify, 4 make the dir of this name
   * @param note given back with what was done
   */
  record PreAction(int what, String name, long sig, String note) {}

  /** End a job early; {@code why}: 1 asked, 2 its deps are out of date. */
  record Kill(long seq, int why) implements AgentOrder {
    @Override
    public ByteBuffer encode() {
      return new WireWriter(3).u64(seq).u8(why).frame();
    }
  }

  /** To a job that asked. */
  record Answer(long seq, long ask, boolean ok, List<String> lines) implements AgentOrder {
    public Answer {
      lines = List.copyOf(lines);
    }

    @Override
    public ByteBuffer encode() {
      return new WireWriter(4).u64(seq).u64(ask).u8(ok ? 1 : 0).strs(lines).frame();
    }
  }

  static AgentOrder decode(Frame frame) throws WireException {
    WireReader in = frame.reader();
    AgentOrder order =
        switch (frame.type()) {
          case 1 -> new Configure(in.str(), in.str(), in.strs(), in.u8(), in.u32(), in.str());
          case 2 -> Start.decode(in);
          case 3 -> new Kill(in.u64(), in.u8());
          case 4 -> new Answer(in.u64(), in.u64(), in.u8() != 0, in.strs());
          default -> throw frame.unknown();
        };
    in.end();
    return order;
  }
}

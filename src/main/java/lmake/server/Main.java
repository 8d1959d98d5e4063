package lmake.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import lmake.base.ExitCode;
import lmake.base.UserError;
import lmake.store.Store;

/**
 * The server process. Started by a client, in the root of a repo; a second one for the same repo leaves at once. What
 * goes wrong before there is a socket is said on standard error, which the client shows.
 */
public final class Main {
  private static final Pattern SYSTEM =
      Pattern.compile("/(usr|bin|sbin|lib|lib32|lib64|libx32|etc|dev|proc|sys)(/.*)?");

  private Main() {}

  public static void main(String[] args) throws InterruptedException {
    WarmUp.start();
    int status;
    try {
      status = run(ServerOptions.parse(args));
    } catch (UserError e) {
      System.err.println(e.getMessage());
      status = e.code().number();
    } catch (IOException e) {
      System.err.println(cannotStart(e).getMessage());
      status = ExitCode.SYSTEM.number();
    }
    System.exit(status);
  }

  private static int run(ServerOptions options) throws UserError, IOException, InterruptedException {
    Places places = new Places(options.root(), installDir());
    if (!Files.isSameFile(Path.of(""), Path.of(options.root()))) {
      throw new UserError(ExitCode.USAGE, "the server must be started in " + options.root());
    }
    Lib lib = Lib.load(places.nativeLibrary());
    if (options.repair()) return repair(places, options, lib);
    Optional<KernelLock> lock = Optional.empty();
    if (!options.readOnly()) {
      Files.createDirectories(Path.of(Places.PRIVATE));
      lock = KernelLock.tryTake(lib, Places.SERVER_LOCK);
      // Another one serves this repo, or is about to: whoever started us finds it.
      if (lock.isEmpty()) {
        if (options.stay()) System.err.println("a server is already active here");
        return 0;
      }
    }
    Server server;
    try {
      checkPlace(options.root());
      checkWhole();
      server = new Server(places, options, Store.open(Places.STORE, options.readOnly()), lib, lock);
      server.open();
    } catch (UserError e) {
      return refuse(e, options);
    } catch (IOException e) {
      return refuse(cannotStart(e), options);
    }
    return options.stay() ? server.stay() : server.run();
  }

  /**
   * What lies in the dirs of the system is taken to change with the system only, so that nothing built there could be
   * followed.
   */
  private static void checkPlace(String root) throws UserError {
    if (!SYSTEM.matcher(root).matches()) return;
    String sentence = "cannot work inside a system directory : " + root + "\n  consider : move the repo";
    throw new UserError(ExitCode.SERVER_CRASH, sentence);
  }

  private static void checkWhole() throws UserError {
    if (!Files.exists(Repair.MARK)) return;
    String choices = "\n  lmake_repair                         to go on\n  rm -r LMAKE ; mv LMAKE.bck LMAKE     to step back";
    throw new UserError(ExitCode.BAD_STATE, "a repair was interrupted, consider one of :" + choices);
  }

  /** What is wrong is said on standard error, and leaves everything as it was. */
  private static int repair(Places places, ServerOptions options, Lib lib)
      throws UserError, IOException, InterruptedException {
    checkPlace(options.root());
    Repair repair = new Repair(lib);
    KernelLock lock = repair.begin();
    Server server = new Server(places, options, Store.open(Places.STORE, false), lib, Optional.of(lock));
    int status = server.repair();
    if (status == ExitCode.OK.number()) return status;
    if (status == ExitCode.SERVER_CRASH.number() || status == ExitCode.BAD_MAKEFILE.number()) {
      repair.undo();
      System.err.println("nothing was repaired : makefiles must be right first");
      return ExitCode.BAD_MAKEFILE.number();
    }
    return status;
  }

  private static UserError cannotStart(IOException e) {
    return new UserError(ExitCode.SYSTEM, "the server cannot start : " + e.getMessage());
  }

  private static int refuse(UserError why, ServerOptions options) throws UserError, InterruptedException {
    if (options.stay()) throw why;
    try {
      Refusal.tell(why, Path.of(options.socket()));
      return why.code().number();
    } catch (IOException e) {
      ServerLog.say("cannot listen: " + e);
      throw why;
    }
  }

  /** The dir above the one this very jar is in. */
  private static String installDir() throws UserError {
    String told = System.getProperty("lmake.install", "");
    if (!told.isEmpty()) return told;
    try {
      Path jar = Path.of(Main.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return jar.toRealPath().getParent().getParent().toString();
    } catch (java.net.URISyntaxException | IOException e) {
      throw new UserError(ExitCode.SYSTEM, "cannot find the installation : " + e.getMessage());
    }
  }
}

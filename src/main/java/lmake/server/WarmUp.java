package lmake.server;

import com.grack.nanojson.JsonParser;
import com.grack.nanojson.JsonParserException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Instant;
import java.time.ZoneId;
import java.util.regex.Pattern;
import lmake.base.Bug;

/**
 * Makes the JVM ready, on a thread of its own and while the store is being opened, for what the first command will need: unix
 * sockets (whose first use draws on the security providers), time zones, JSON, regular expressions. It touches classes of the
 * JDK and of libraries only, never ours, so that no class of ours is initialised by two threads at once.
 */
final class WarmUp implements Runnable {
  static void start() {
    Thread thread = new Thread(new WarmUp(), "warm-up");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void run() {
    try (Selector selector = Selector.open();
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      listener.configureBlocking(false);
      client.configureBlocking(false);
      selector.selectNow();
    } catch (IOException e) {
      return; // the server will meet the same trouble, and say it
    }
    ZoneId.systemDefault().getRules().getOffset(Instant.EPOCH);
    Pattern.compile("(\\w+)/([a-z]*?)\\.o", Pattern.DOTALL).matcher("a/b.o").matches();
    try {
      JsonParser.object().from("{\"a\":[1,\"x\",null,true,0.5,{}]}");
    } catch (JsonParserException e) {
      throw Bug.of("bad JSON of ours: %s", e.getMessage());
    }
  }
}

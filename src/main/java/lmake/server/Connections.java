package lmake.server;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.UserPrincipal;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import jdk.net.ExtendedSocketOptions;
import lmake.base.ExitCode;
import lmake.wire.ClientMessage;
import lmake.wire.Frame;
import lmake.wire.WireException;

/**
 * The socket of the repo and its clients: one thread, which reads what clients say, sends what they would not take at
 * once, and notices that they are gone. What it hears goes to {@link Hearer}, on this thread.
 */
final class Connections implements Runnable {
  /** What happens to clients; called on the connections' thread, so to be passed on at once. */
  interface Hearer {
    void hello(Client client);

    void interrupt(Client client);

    /** The connection broke before the command was over. */
    void lost(Client client);

    /** No connection is left. */
    void alone();
  }

  /** What everybody is told when the server must stop at once. */
  private record LastWords(ExitCode code, byte[] sentence) {
    void tell(Client client) {
      synchronized (client) {
        if (client.closed()) return;
        client.err(sentence);
        client.exit(code);
      }
    }
  }

  private final Path socket;
  private final Hearer hearer;
  private final Selector selector;
  private final UserPrincipal self;
  private final Set<Client> clients = ConcurrentHashMap.newKeySet();
  private final ConcurrentLinkedQueue<Client> writers = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private volatile ServerSocketChannel listener;
  private volatile Optional<Object> socketKey = Optional.empty();
  private volatile Optional<LastWords> lastWords = Optional.empty();
  private volatile boolean closed;

  /** Opens nothing yet. */
  Connections(Path socket, Hearer hearer) throws IOException {
    this.socket = socket;
    this.hearer = hearer;
    this.selector = Selector.open();
    // Not user.name, which lies in containers whose user has no name.
    this.self = Files.getOwner(Path.of("/proc/self"));
  }

  /**
   * From now on clients find us. The name appears with its socket listening: nobody is ever refused by a server that
   * starts.
   */
  void listen() throws IOException {
    Path fresh = Path.of(socket + "." + ProcessHandle.current().pid());
    removeUnfinished();
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    bind(channel, fresh);
    channel.configureBlocking(false);
    channel.register(selector, SelectionKey.OP_ACCEPT);
    socketKey = KernelLock.fileKey(fresh);
    Files.move(fresh, socket, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    listener = channel;
  }

  /** Those of servers that died before they had their name; there is one server at a time. */
  private void removeUnfinished() throws IOException {
    Path dir = socket.toAbsolutePath().getParent();
    try (DirectoryStream<Path> left = Files.newDirectoryStream(dir, socket.getFileName() + ".*")) {
      for (Path one : left) Files.deleteIfExists(one);
    }
  }

  private static void bind(ServerSocketChannel channel, Path name) throws IOException {
    try {
      channel.bind(UnixDomainSocketAddress.of(name), 1024);
    } catch (IOException e) {
      // Its own message names no file.
      throw new IOException("cannot make " + name + " : " + e.getMessage(), e);
    }
  }

  /** Runs until {@link #close}. */
  @Override
  public void run() {
    try {
      while (!closed) turn();
    } catch (IOException e) {
      // Without its socket a server is of no use to anybody, and its clients see the connection break.
      ServerLog.say("connections: no more select", e);
    }
  }

  /**
   * Stops listening unless somebody is connected, or is connecting right now; {@code then} is told, on the
   * connections' thread, whether it did. The caller must keep others from starting a server meanwhile.
   */
  void leave(java.util.function.Consumer<Boolean> then) {
    tasks.add(() -> then.accept(stopListening()));
    selector.wakeup();
  }

  /**
   * Tells everybody why the server stops, those too who find it while it does, then closes. Any thread but our own.
   *
   * @param waitMs for those who do not listen
   */
  void dismiss(ExitCode code, String sentence, long waitMs) {
    LastWords last = new LastWords(code, (sentence + "\n").getBytes(StandardCharsets.UTF_8));
    lastWords = Optional.of(last);
    CountDownLatch hidden = new CountDownLatch(1);
    tasks.add(() -> {
      hide();
      hidden.countDown();
    });
    selector.wakeup();
    for (Client client : clients) if (client.introduced()) last.tell(client);
    long deadline = System.nanoTime() + waitMs * 1_000_000;
    boolean more = true;
    while (more && System.nanoTime() < deadline) {
      nap();
      more = hidden.getCount() > 0 || clients.stream().anyMatch(client -> !client.finished());
    }
    close(0);
  }

  /** Whoever found us is let in, nobody finds us from now on. */
  private void hide() {
    try {
      Files.deleteIfExists(socket);
      nap();
      acceptAll();
    } catch (IOException e) {
      ServerLog.say("cannot stop listening", e);
    }
  }

  /** Cuts all connections; who was told to exit still hears it, if he listens in time. Any thread but our own. */
  void close(long waitMs) {
    long deadline = System.nanoTime() + waitMs * 1_000_000;
    while (System.nanoTime() < deadline && clients.stream().anyMatch(c -> c.closed() && !c.finished())) nap();
    closed = true;
    selector.wakeup();
    for (Client client : clients) forget(client);
    if (listener == null) return;
    shut(listener);
    try {
      removeName();
    } catch (IOException e) {
      ServerLog.say("cannot remove " + socket + ": " + e);
    }
  }

  private void turn() throws IOException {
    selector.select();
    for (Runnable task; (task = tasks.poll()) != null; ) task.run();
    for (Client client; (client = writers.poll()) != null; ) write(client);
    for (SelectionKey key : selector.selectedKeys()) {
      try {
        if (key.isAcceptable()) acceptAll();
        else serve(key);
      } catch (CancelledKeyException gone) {
        // Forgotten earlier in this very turn.
        continue;
      }
    }
    selector.selectedKeys().clear();
  }

  private void serve(SelectionKey key) throws IOException {
    Client client = (Client) key.attachment();
    if (key.isReadable()) read(client);
    if (key.isValid() && key.isWritable()) write(client);
  }

  /** How many came. */
  private int acceptAll() throws IOException {
    int count = 0;
    for (SocketChannel channel; listener != null && (channel = listener.accept()) != null; count++) welcome(channel);
    return count;
  }

  private void welcome(SocketChannel channel) throws IOException {
    UserPrincipal peer = channel.getOption(ExtendedSocketOptions.SO_PEERCRED).user();
    channel.configureBlocking(false);
    Client[] client = new Client[1];
    client[0] = new Client(channel, () -> wantsToWrite(client[0]));
    clients.add(client[0]);
    channel.register(selector, SelectionKey.OP_READ, client[0]);
    if (peer.equals(self)) return;
    client[0].err("this repo is served for another user\n".getBytes(StandardCharsets.UTF_8));
    client[0].exit(ExitCode.PERMISSION);
  }

  private void read(Client client) {
    try {
      while (true) {
        int count = client.channel().read(client.reader().room());
        if (count < 0) {
          lose(client);
          return;
        }
        for (Optional<Frame> frame = client.reader().next(); frame.isPresent(); frame = client.reader().next()) {
          hear(client, frame.get());
        }
        if (count == 0) return;
      }
    } catch (IOException | WireException e) {
      ServerLog.say("client lost: " + e.getMessage());
      lose(client);
    }
  }

  private void hear(Client client, Frame frame) throws WireException {
    if (client.closed()) return;
    ClientMessage message = ClientMessage.decode(frame);
    if (message instanceof ClientMessage.Hello hello) {
      if (!client.introduce(hello)) throw new WireException("a client says hello once");
      if (hello.protocol() != ClientMessage.PROTOCOL) refuse(client);
      else if (lastWords.isPresent()) lastWords.get().tell(client);
      else hearer.hello(client);
    } else if (client.introduced()) hearer.interrupt(client);
  }

  private void refuse(Client client) {
    client.err(
        "another version of lmake serves this repo, consider : lmake --shutdown (with the version that started it)\n"
            .getBytes(StandardCharsets.UTF_8));
    client.exit(ExitCode.VERSION);
  }

  private void write(Client client) {
    try {
      boolean more = client.flush();
      SelectionKey key = client.channel().keyFor(selector);
      if (key == null || !key.isValid()) return;
      key.interestOps(more ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ);
      if (!more && client.finished()) forget(client);
    } catch (IOException e) {
      lose(client);
    }
  }

  private void lose(Client client) {
    if (client.lose() && client.introduced()) hearer.lost(client);
    forget(client);
  }

  private void forget(Client client) {
    if (!clients.remove(client)) return;
    shut(client.channel());
    if (clients.isEmpty()) hearer.alone();
  }

  private void wantsToWrite(Client client) {
    writers.add(client);
    selector.wakeup();
  }

  private boolean stopListening() {
    try {
      if (!clients.isEmpty()) return false;
      removeName();
      nap();
      // Nobody finds us any more; who found us just before is in the backlog by now.
      if (acceptAll() == 0) {
        shut(listener);
        listener = null;
        return true;
      }
      shut(listener);
      listen();
      return false;
    } catch (IOException e) {
      ServerLog.say("cannot stop listening", e);
      return false;
    }
  }

  /** Only of our own socket: were LMAKE removed, another server may serve under this name by now. */
  private void removeName() throws IOException {
    if (socketKey.isPresent() && socketKey.equals(KernelLock.fileKey(socket))) Files.deleteIfExists(socket);
  }

  private static void nap() {
    java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
  }

  private static void shut(java.nio.channels.Channel channel) {
    try {
      channel.close();
    } catch (ClosedChannelException already) {
      // Both threads may close, the second finds it done.
      return;
    } catch (IOException e) {
      ServerLog.say("cannot close a socket: " + e);
    }
  }
}

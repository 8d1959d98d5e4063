package lmake.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import lmake.base.ExitCode;
import lmake.wire.ClientMessage;
import lmake.wire.ClientReply;
import lmake.wire.Frame;
import lmake.wire.FrameReader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ConnectionsTest {
  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
  private final BlockingQueue<Client> hellos = new LinkedBlockingQueue<>();
  private Path dir;
  private Path socket;
  private Connections connections;

  @BeforeEach
  void begin() throws IOException {
    // Not a temporary dir of JUnit: names of sockets are short.
    dir = Files.createTempDirectory(Path.of("/tmp"), "lm");
    socket = dir.resolve("s");
    listen();
  }

  private void listen() throws IOException {
    connections = new Connections(socket, new Hearing());
    connections.listen();
    Thread thread = new Thread(connections);
    thread.setDaemon(true);
    thread.start();
  }

  @AfterEach
  void close() throws IOException {
    connections.close(0);
    assertThat(socket).doesNotExist();
    Files.delete(dir);
  }

  @Test
  void theSocketOfWhoeverCameAfterUsIsLeftAlone() throws Exception {
    // What happens when LMAKE is removed under a server: the next one listens under the same name.
    Files.delete(socket);
    Files.createFile(socket);
    connections.close(0);
    assertThat(socket).exists();
    Files.delete(socket);
  }

  @Test
  void theSocketOfWhoeverDiedBeforeItHadItsNameGoes() throws Exception {
    connections.close(0);
    Path unfinished = Files.createFile(Path.of(socket + ".12345"));
    listen();
    assertThat(unfinished).doesNotExist();
  }

  @Test
  void aCommandGoesInAndItsOutputComesOut() throws Exception {
    try (SocketChannel peer = connect()) {
      hello(peer, "lshow");
      Client client = hellos.take();
      assertThat(client.tool()).isEqualTo("lshow");
      assertThat(client.environ()).containsEntry("A", "1=2");
      client.out("one".getBytes());
      client.err("two".getBytes());
      client.exit(ExitCode.FAIL);
      client.out("too late".getBytes());
      assertThat(replies(peer))
          .containsExactly(new ClientReply.Out("one".getBytes()), new ClientReply.Err("two".getBytes()), new ClientReply.Exit(1));
      assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("alone");
    }
  }

  @Test
  void aClientThatReadsNothingBlocksNobody() throws Exception {
    try (SocketChannel peer = connect()) {
      hello(peer, "lmake");
      Client client = hellos.take();
      byte[] block = new byte[1 << 20];
      // Far more than a socket holds, and the writer comes back at once.
      for (int i = 0; i < 30; i++) client.out(block);
      client.exit(ExitCode.OK);
      List<ClientReply> replies = replies(peer);
      assertThat(replies).hasSize(31).last().isEqualTo(new ClientReply.Exit(0));
    }
  }

  @Test
  void aClientThatReadsNothingIsGivenUpInTheEnd() throws Exception {
    try (SocketChannel peer = connect()) {
      hello(peer, "lmake");
      Client client = hellos.take();
      byte[] block = new byte[16 << 20];
      for (int i = 0; i < 17; i++) client.out(block);
      assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("lost");
      assertThat(client.closed()).isTrue();
    }
  }

  @Test
  void interruptsAndDeathsAreHeard() throws Exception {
    SocketChannel peer = connect();
    hello(peer, "lmake");
    hellos.take();
    peer.write(new ClientMessage.Interrupt().encode());
    assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("interrupt");
    peer.close();
    assertThat(List.of(heard.take(), heard.take())).containsExactly("lost", "alone");
  }

  @Test
  void nonsenseEndsItsConnectionAndNoOther() throws Exception {
    try (SocketChannel good = connect();
        SocketChannel bad = connect()) {
      hello(good, "lmake");
      Client client = hellos.take();
      bad.write(ByteBuffer.wrap(new byte[] {1, 2, 3, 127, 5, 6, 7}));
      assertThat(bad.read(ByteBuffer.allocate(1))).isEqualTo(-1);
      client.exit(ExitCode.OK);
      assertThat(replies(good)).containsExactly(new ClientReply.Exit(0));
    }
  }

  @Test
  void anotherProtocolIsRefusedInWords() throws Exception {
    try (SocketChannel peer = connect()) {
      peer.write(new ClientMessage.Hello(2, "lmake", List.of(), "", List.of(), 0, 1).encode());
      List<ClientReply> replies = replies(peer);
      assertThat(replies).last().isEqualTo(new ClientReply.Exit(12));
      assertThat(replies.get(0)).isInstanceOf(ClientReply.Err.class);
    }
  }

  @Test
  void leavesOnlyWhenNobodyIsThere() throws Exception {
    BlockingQueue<Boolean> left = new LinkedBlockingQueue<>();
    try (SocketChannel peer = connect()) {
      hello(peer, "lmake");
      Client client = hellos.take();
      connections.leave(left::add);
      assertThat(left.take()).isFalse();
      client.exit(ExitCode.OK);
      assertThat(replies(peer)).hasSize(1);
    }
    assertThat(heard.take()).isEqualTo("alone");
    connections.leave(left::add);
    assertThat(left.take()).isTrue();
    assertThat(socket).doesNotExist();
  }

  /**
   * Whoever found the socket is served, or told by a refused connection that he must start another server: never
   * dropped.
   */
  @Test
  void noClientIsLostWhileTheServerLeaves() throws Exception {
    for (int round = 0; round < 50; round++) {
      BlockingQueue<Boolean> left = new LinkedBlockingQueue<>();
      connections.leave(left::add);
      Optional<SocketChannel> peer = Optional.empty();
      try {
        peer = Optional.of(connect());
      } catch (IOException noServer) {
        assertThat(left.take()).isTrue();
      }
      if (peer.isPresent()) {
        assertThat(left.take()).isFalse();
        hello(peer.get(), "lmake");
        hellos.take().exit(ExitCode.OK);
        assertThat(replies(peer.get())).containsExactly(new ClientReply.Exit(0));
        peer.get().close();
        assertThat(heard.take()).isEqualTo("alone");
      } else connections.listen();
    }
  }

  /** One client had said hello, one comes while the server goes, one has connected and says it late. */
  @Test
  void everybodyIsToldWhyTheServerStops() throws Exception {
    for (int round = 0; round < 20; round++) {
      try (SocketChannel early = connect();
          SocketChannel late = connect()) {
        hello(early, "lmake");
        hellos.take();
        Thread end = new Thread(() -> connections.dismiss(ExitCode.SYSTEM, "no space", 10_000));
        end.start();
        Optional<SocketChannel> found = Optional.empty();
        try {
          found = Optional.of(connect());
          hello(found.get(), "lmake");
        } catch (IOException nobodyThere) {
          assertThat(socket).doesNotExist();
        }
        hello(late, "lmake");
        List<SocketChannel> all = new ArrayList<>(List.of(early, late));
        found.ifPresent(all::add);
        for (SocketChannel peer : all) {
          assertThat(replies(peer)).hasSize(2).last().isEqualTo(new ClientReply.Exit(10));
          peer.close();
        }
        end.join();
      }
      listen();
    }
  }

  private SocketChannel connect() throws IOException {
    return SocketChannel.open(UnixDomainSocketAddress.of(socket));
  }

  private static void hello(SocketChannel peer, String tool) throws IOException {
    peer.write(new ClientMessage.Hello(1, tool, List.of("x"), "", List.of("A=1=2", "odd"), 0, 42).encode());
  }

  private static List<ClientReply> replies(SocketChannel peer) throws Exception {
    FrameReader reader = new FrameReader();
    List<ClientReply> replies = new ArrayList<>();
    while (peer.read(reader.room()) >= 0) {
      for (Optional<Frame> f = reader.next(); f.isPresent(); f = reader.next()) replies.add(ClientReply.decode(f.get()));
    }
    return replies;
  }

  private final class Hearing implements Connections.Hearer {
    @Override
    public void hello(Client client) {
      hellos.add(client);
    }

    @Override
    public void interrupt(Client client) {
      heard.add("interrupt");
    }

    @Override
    public void lost(Client client) {
      heard.add("lost");
    }

    @Override
    public void alone() {
      heard.add("alone");
    }
  }
}

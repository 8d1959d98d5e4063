package lmake.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The golden frames of native/wire/vectors, which the C side makes and checks: both sides mean the same bytes. */
class VectorsTest {
  private static final Path DIR = Path.of("native/wire/vectors");
  private static final long SEQ = 0x100000002L;
  private static final long SIG = 0x1122334455667788L;

  @Test
  void messagesOfClients() throws Exception {
    ClientMessage.Hello hello =
        new ClientMessage.Hello(1, "lmake", List.of("-j4", "d/t\udcff"), "sub", List.of("A=1", "PATH=/bin"), 3, 4321);
    assertThat(ClientMessage.decode(frame("HELLO"))).isEqualTo(hello);
    assertSame("HELLO", hello.encode());
    assertThat(ClientMessage.decode(frame("INTERRUPT"))).isEqualTo(new ClientMessage.Interrupt());
    assertSame("INTERRUPT", new ClientMessage.Interrupt().encode());
  }

  @Test
  void repliesToClients() throws Exception {
    List<ClientReply> replies = List.of(
        new ClientReply.Out(bytes("done\n")),
        new ClientReply.Err(bytes("read config because it was never read\n")),
        new ClientReply.Exit(11));
    List<String> names = List.of("OUT", "ERR", "EXIT");
    for (int i = 0; i < names.size(); i++) {
      assertThat(ClientReply.decode(frame(names.get(i)))).isEqualTo(replies.get(i));
      assertSame(names.get(i), replies.get(i).encode());
    }
  }

  @Test
  void ordersToAgents() throws Exception {
    List<AgentOrder> orders = List.of(
        new AgentOrder.Configure("/repo", "/install", List.of("../ext/", "/abs/dir/"), 1, 1 << 20, "/dev/shm"),
        new AgentOrder.Start(
            SEQ, 3, List.of("/bin/sh", "-c", "cat in"), List.of("PATH=/bin"), "sub", "in", "out", "/repo/LMAKE/auto_tmp/3", 5, 1,
            2500, List.of(15, 9),
            List.of(new AgentOrder.PreAction(1, "old", SIG, "note"), new AgentOrder.PreAction(4, "dir", 0, "")),
            List.of("out"),
            new AgentOrder.Isolation(
                9, "/chroot", "/repo_view", "/tmp_view", "/lmake_view", "/other",
                List.of(
                    new AgentOrder.View("v", false, List.of("/ext"), List.of()),
                    new AgentOrder.View("o", true, List.of("up", "low"), List.of("d/", "f"))))),
        new AgentOrder.Kill(SEQ, 2),
        new AgentOrder.Answer(SEQ, 7, false, List.of("ok 0123456789abcdee-R src", "error none dep")));
    List<String> names = List.of("CONFIG", "START", "KILL", "ANSWER");
    for (int i = 0; i < names.size(); i++) {
      assertThat(AgentOrder.decode(frame(names.get(i)))).isEqualTo(orders.get(i));
      assertSame(names.get(i), orders.get(i).encode());
    }
  }

  @Test
  void reportsOfAgents() throws Exception {
    long start = 1_700_000_000_123_456_789L;
    Access access =
        new Access("src", 0x83, start + 1, 0, 0, SIG, SIG, 1_600_000_000_000_000_000L, 0, 1, 16, 0);
    JobEnd end = new JobEnd(
        SEQ, JobEnd.Outcome.EXITED, 256, start, start + 1_000_000_000, 1_000_000, 2_000_000, 3145728, 12, bytes("out\n"),
        new byte[] {'e', 'r', 'r', (byte) 0xff, '\n'}, List.of("a message"),
        List.of(new JobEnd.Washed(JobEnd.Deed.QUARANTINED, "old", "note")), List.of(access),
        List.of(new JobEnd.PatternCall("lib/.*", false, 16, 0, start + 100_000_000)));
    List<AgentReport> reports = List.of(
        new AgentReport.Started(SEQ, start, 4321, 3),
        new AgentReport.Ended(end),
        new AgentReport.Ask(SEQ, 7, 3, 256, List.of(), List.of(new AgentReport.Read("src", SIG, 0x83))),
        new AgentReport.LiveOut(SEQ, bytes("line\n")),
        new AgentReport.Log("agent: a line"),
        new AgentReport.Warn("a warning\n  consider : a remedy"));
    List<String> names = List.of("STARTED", "END", "ASK", "LIVE", "LOG", "WARN");
    for (int i = 0; i < names.size(); i++) {
      assertThat(AgentReport.decode(frame(names.get(i)))).usingRecursiveComparison().isEqualTo(reports.get(i));
      assertSame(names.get(i), AgentReport.encode(reports.get(i)));
    }
  }

  private static Frame frame(String name) throws IOException, WireException {
    FrameReader reader = new FrameReader();
    reader.room().put(Files.readAllBytes(DIR.resolve(name + ".bin")));
    return reader.next().orElseThrow();
  }

  private static void assertSame(String name, ByteBuffer encoded) throws IOException {
    byte[] bytes = new byte[encoded.remaining()];
    encoded.get(bytes);
    assertThat(bytes).isEqualTo(Files.readAllBytes(DIR.resolve(name + ".bin")));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}

package lmake.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WireTest {
  private interface Decoder {
    Object decode(Frame frame) throws WireException;
  }

  private static final List<Decoder> DECODERS =
      List.of(ClientMessage::decode, ClientReply::decode, AgentOrder::decode, AgentReport::decode);

  private final long seed = Long.getLong("lmake.seed", 1);
  private final Random random = new Random(seed);

  @Test
  void namesKeepEveryByte() {
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(12)];
      random.nextBytes(bytes);
      if (random.nextBoolean()) bytes = randomText().getBytes(StandardCharsets.UTF_8);
      assertThat(PathBytes.encode(PathBytes.decode(bytes))).as("seed %d, turn %d", seed, i).isEqualTo(bytes);
    }
  }

  @Test
  void wellFormedNamesAreThoseOfUtf8() {
    for (int i = 0; i < 5_000; i++) {
      String text = randomText();
      assertThat(PathBytes.decode(text.getBytes(StandardCharsets.UTF_8))).as("seed %d", seed).isEqualTo(text);
      assertThat(PathBytes.encode(text)).as("seed %d", seed).isEqualTo(text.getBytes(StandardCharsets.UTF_8));
    }
    assertThat(PathBytes.decode(new byte[] {'a', (byte) 0xff})).isEqualTo("a\udcff");
    // An overlong slash must not become a slash.
    assertThat(PathBytes.decode(new byte[] {(byte) 0xc0, (byte) 0xaf})).isEqualTo("\udcc0\udcaf");
  }

  @Test
  void everyMessageComesBackAsItWas() throws WireException {
    for (int i = 0; i < 500; i++) {
      ClientMessage.Hello hello =
          new ClientMessage.Hello(1, text(), texts(), text(), texts(), random.nextInt(16), random.nextInt());
      assertThat(ClientMessage.decode(frame(hello.encode()))).as("seed %d", seed).isEqualTo(hello);
      for (ClientReply reply : List.of(new ClientReply.Out(bytes()), new ClientReply.Err(bytes()), new ClientReply.Exit(7))) {
        assertThat(ClientReply.decode(frame(reply.encode()))).as("seed %d", seed).isEqualTo(reply);
      }
      for (AgentOrder order : orders()) {
        assertThat(AgentOrder.decode(frame(order.encode()))).as("seed %d", seed).isEqualTo(order);
      }
      for (AgentReport report : reports()) {
        assertThat(AgentReport.decode(frame(AgentReport.encode(report))))
            .usingRecursiveComparison()
            .as("seed %d", seed)
            .isEqualTo(report);
      }
    }
  }

  @Test
  void aStreamIsCutIntoItsFramesHoweverItComes() throws WireException {
    List<ByteBuffer> sent = new ArrayList<>();
    int total = 0;
    for (int i = 0; i < 300; i++) {
      ByteBuffer frame = new ClientReply.Out(new byte[random.nextInt(random.nextInt(10) == 0 ? 50_000 : 40)]).encode();
      sent.add(frame);
      total += frame.remaining();
    }
    ByteBuffer stream = ByteBuffer.allocate(total);
    for (ByteBuffer frame : sent) stream.put(frame.duplicate());
    stream.flip();
    FrameReader reader = new FrameReader();
    int next = 0;
    while (stream.hasRemaining()) {
      ByteBuffer room = reader.room();
      int count = Math.min(Math.min(1 + random.nextInt(5000), room.remaining()), stream.remaining());
      for (int k = 0; k < count; k++) room.put(stream.get());
      for (Optional<Frame> f = reader.next(); f.isPresent(); f = reader.next()) {
        assertThat(f.get().payload().remaining()).as("seed %d", seed).isEqualTo(sent.get(next++).remaining() - 5);
      }
    }
    assertThat(next).isEqualTo(sent.size());
  }

  @Test
  void randomBytesGiveAMessageOrAWireException() {
    for (int i = 0; i < 200_000; i++) {
      byte[] payload = new byte[random.nextInt(80)];
      random.nextBytes(payload);
      // Small numbers make counts that fit, which goes deeper.
      if (random.nextBoolean()) for (int k = 0; k < payload.length; k++) if (random.nextInt(3) != 0) payload[k] = 0;
      decodesOrRefuses(new Frame(random.nextInt(7), ByteBuffer.wrap(payload)));
    }
  }

  @Test
  void damagedMessagesGiveAMessageOrAWireException() throws WireException {
    for (int i = 0; i < 2_000; i++) {
      List<ByteBuffer> good = new ArrayList<>();
      for (AgentReport report : reports()) good.add(AgentReport.encode(report));
      for (AgentOrder order : orders()) good.add(order.encode());
      for (ByteBuffer bytes : good) {
        int size = bytes.remaining();
        for (int n = random.nextInt(3); n >= 0; n--) bytes.put(5 + random.nextInt(size - 4) - 1, (byte) random.nextInt());
        int cut = random.nextBoolean() ? size : 5 + random.nextInt(size - 4);
        decodesOrRefuses(new Frame(bytes.get(4) & 0xff, bytes.slice(5, Math.min(cut, size) - 5)));
      }
    }
  }

  @Test
  void noFrameIsLongerThanTheLimit() {
    for (int length : new int[] {0, -1, 1001, Integer.MIN_VALUE}) {
      FrameReader reader = new FrameReader(1000);
      reader.room().putInt(length).put((byte) 1);
      assertThatThrownBy(reader::next).isInstanceOf(WireException.class);
    }
  }

  private void decodesOrRefuses(Frame frame) {
    for (Decoder decoder : DECODERS) {
      try {
        assertThat(decoder.decode(frame)).isNotNull();
      } catch (WireException refused) {
        assertThat(refused.getMessage()).isNotEmpty();
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }

  private static Frame frame(ByteBuffer bytes) throws WireException {
    FrameReader reader = new FrameReader();
    while (bytes.hasRemaining()) {
      ByteBuffer room = reader.room();
      while (room.hasRemaining() && bytes.hasRemaining()) room.put(bytes.get());
    }
    return reader.next().orElseThrow();
  }

  private List<AgentOrder> orders() {
    return List.of(
        new AgentOrder.Configure(text(), text(), texts(), 2, 100, text()),
        new AgentOrder.Start(
            random.nextLong(), 3, texts(), texts(), text(), text(), text(), text(), 5, 1, 1000, List.of(2, 15),
            List.of(new AgentOrder.PreAction(1, text(), random.nextLong(), text())), texts(),
            new AgentOrder.Isolation(
                63, text(), text(), text(), text(), text(),
                List.of(
                    new AgentOrder.View(text(), true, texts(), texts()),
                    new AgentOrder.View(text(), false, texts(), List.of())))),
        new AgentOrder.Kill(random.nextLong(), 2),
        new AgentOrder.Answer(random.nextLong(), random.nextLong(), true, texts()));
  }

  private List<AgentReport> reports() {
    Access access =
        new Access(
            text(), random.nextInt(), random.nextLong(), random.nextLong(), 0, 1, 0, 5, random.nextLong(), 1, 2, 3);
    JobEnd end =
        new JobEnd(
            random.nextLong(), JobEnd.Outcome.SIGNALED, -9, 1, 2, 3, 4, 5, 6, bytes(), bytes(), texts(),
            List.of(new JobEnd.Washed(JobEnd.Deed.QUARANTINED, text(), text())), List.of(access, access),
            List.of(new JobEnd.PatternCall(text(), true, 1, 2, 3)));
    return List.of(
        new AgentReport.Started(random.nextLong(), random.nextLong(), random.nextInt(), random.nextInt(256)),
        new AgentReport.Ended(end),
        new AgentReport.Ask(random.nextLong(), 2, AgentReport.Ask.DEPEND_VERBOSE, 3, texts(), List.of()),
        new AgentReport.Ask(
            random.nextLong(), 2, AgentReport.Ask.CHECK_DEPS, 3, texts(),
            List.of(new AgentReport.Read(text(), random.nextLong(), 7))),
        new AgentReport.LiveOut(random.nextLong(), bytes()),
        new AgentReport.Warn(text()),
        new AgentReport.Log(text()));
  }

  private byte[] bytes() {
    byte[] bytes = new byte[random.nextInt(20)];
    random.nextBytes(bytes);
    return bytes;
  }

  private String text() {
    return PathBytes.decode(bytes());
  }

  private List<String> texts() {
    List<String> texts = new ArrayList<>();
    for (int n = random.nextInt(4); n > 0; n--) texts.add(text());
    return texts;
  }

  private String randomText() {
    StringBuilder text = new StringBuilder();
    for (int n = random.nextInt(8); n > 0; n--) {
      int point = random.nextInt(random.nextBoolean() ? 0x80 : 0x110000);
      text.appendCodePoint(point >= 0xD800 && point < 0xE000 ? 'x' : point);
    }
    return text.toString();
  }
}

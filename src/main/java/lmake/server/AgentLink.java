package lmake.server;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import lmake.wire.AgentOrder;
import lmake.wire.AgentReport;
import lmake.wire.Frame;
import lmake.wire.FrameReader;
import lmake.wire.WireException;

/**
 * One agent process: orders go to its stdin, reports come from its stdout, each by a thread of its own. When it is
 * gone, whatever the cause, its death is the last thing heard of it. Orders are given by the engine's thread.
 */
final class AgentLink {
  /** Called on the reader's thread. */
  interface Hearer {
    void report(AgentLink from, AgentReport report);

    void died(AgentLink agent, String how);
  }

  private static final ByteBuffer END = ByteBuffer.allocate(0);

  private final Process process;
  private final Hearer hearer;
  private final LinkedBlockingQueue<ByteBuffer> orders = new LinkedBlockingQueue<>();

  private AgentLink(Process process, Hearer hearer) {
    this.process = process;
    this.hearer = hearer;
  }

  /** Starts one; its stderr goes where ours goes. */
  static AgentLink start(String program, Hearer hearer) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(program).redirectError(ProcessBuilder.Redirect.INHERIT);
    AgentLink link = new AgentLink(builder.start(), hearer);
    link.thread("agent-out", link::write);
    link.thread("agent-in", link::read);
    return link;
  }

  void send(AgentOrder order) {
    orders.add(order.encode());
  }

  /** No more orders: it kills its jobs and leaves. */
  void stop() {
    orders.add(END);
  }

  /** False when it is still there. */
  boolean awaitEnd(long ms) throws InterruptedException {
    return process.waitFor(ms, TimeUnit.MILLISECONDS);
  }

  /** Should it have been stopped, as by a job, it is to go on: a stopped one serves nobody. */
  void sendOn(Lib lib) {
    if (process.isAlive() && lib.lmake_send_on((int) process.pid()) > 0) ServerLog.say("the agent was stopped: it is sent on");
  }

  private void thread(String name, Runnable body) {
    Thread thread = new Thread(body, name);
    thread.setDaemon(true);
    thread.start();
  }

  private void write() {
    try (OutputStream out = process.getOutputStream()) {
      while (true) {
        ByteBuffer frame = orders.take();
        for (; frame != null; frame = orders.poll()) {
          if (frame == END) return;
          out.write(frame.array(), frame.arrayOffset() + frame.position(), frame.remaining());
        }
        out.flush();
      }
    } catch (IOException e) {
      // It is dying; the reader tells so when its last report is read.
      ServerLog.say("agent takes no more orders: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void read() {
    String how;
    try (InputStream in = process.getInputStream()) {
      how = pump(in);
    } catch (IOException | WireException e) {
      how = e.getMessage();
      process.destroyForcibly();
    }
    hearer.died(this, how.isEmpty() ? exitStatus() : how);
  }

  private String pump(InputStream in) throws IOException, WireException {
    FrameReader reader = new FrameReader();
    while (true) {
      ByteBuffer room = reader.room();
      int count = in.read(room.array(), room.arrayOffset() + room.position(), room.remaining());
      if (count < 0) return "";
      room.position(room.position() + count);
      for (Optional<Frame> f = reader.next(); f.isPresent(); f = reader.next()) {
        hearer.report(this, AgentReport.decode(f.get()));
      }
    }
  }

  private String exitStatus() {
    try {
      // Its output is closed, so it is on its way out; one that hangs there is of no use.
      if (!awaitEnd(5000)) process.destroyForcibly();
      return "exit status " + process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "interrupted";
    }
  }
}

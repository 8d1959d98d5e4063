package lmake.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import lmake.base.Bug;
import lmake.base.ExitCode;
import lmake.command.Session;
import lmake.wire.ClientMessage.Hello;
import lmake.wire.ClientReply;
import lmake.wire.FrameReader;

/**
 * One client. Output is written at once when its socket takes it and queued otherwise, so that the engine never waits
 * for a terminal; a client that reads nothing while a lot is said to it is given up. Output comes from the engine's
 * thread, the rest from the connections' thread; the queue is guarded by this object.
 */
final class Client implements Session {
  /** More than any command says before its client reads the first line. */
  private static final long MAX_QUEUED = 256L << 20;

  private static final int MAX_HELLO = 64 << 20;

  private final SocketChannel channel;
  private final Runnable wantsToWrite;
  private final FrameReader reader = new FrameReader(MAX_HELLO);
  private final Deque<ByteBuffer> queue = new ArrayDeque<>();
  private long queued;
  private boolean exited;
  private boolean gone;
  private volatile Optional<Hello> hello = Optional.empty();

  /**
   * @param wantsToWrite called when the queue begins to hold something, or the connection is to be closed
   */
  Client(SocketChannel channel, Runnable wantsToWrite) {
    this.channel = channel;
    this.wantsToWrite = wantsToWrite;
  }

  // --- connections' thread

  SocketChannel channel() {
    return channel;
  }

  FrameReader reader() {
    return reader;
  }

  /** False when it has introduced itself before. */
  boolean introduce(Hello message) {
    if (hello.isPresent()) return false;
    hello = Optional.of(message);
    return true;
  }

  boolean introduced() {
    return hello.isPresent();
  }

  /** Sends what it can; true while something is left. */
  synchronized boolean flush() throws IOException {
    while (!queue.isEmpty()) {
      ByteBuffer first = queue.element();
      queued -= channel.write(first);
      if (first.hasRemaining()) return true;
      queue.remove();
    }
    return false;
  }

  /** True when all was said and sent: nothing more will happen on this connection. */
  synchronized boolean finished() {
    return gone || exited && queue.isEmpty();
  }

  /** The connection is no more; true when the command was not over. */
  synchronized boolean lose() {
    boolean early = !gone && !exited;
    gone = true;
    queue.clear();
    queued = 0;
    return early;
  }

  // --- Session

  @Override
  public String tool() {
    return message().tool();
  }

  @Override
  public List<String> args() {
    return message().argv();
  }

  @Override
  public String startupDir() {
    return message().startupDir();
  }

  @Override
  public Map<String, String> environ() {
    Map<String, String> environ = new LinkedHashMap<>();
    for (String entry : message().environ()) {
      int equal = entry.indexOf('=');
      if (equal > 0) environ.putIfAbsent(entry.substring(0, equal), entry.substring(equal + 1));
    }
    return Collections.unmodifiableMap(environ);
  }

  @Override
  public boolean stdoutIsTty() {
    return fact(Hello.STDOUT_TTY);
  }

  @Override
  public boolean sameTty() {
    return fact(Hello.SAME_TTY);
  }

  @Override
  public boolean readOnlyRepo() {
    return fact(Hello.READ_ONLY);
  }

  @Override
  public void out(byte[] bytes) {
    if (bytes.length > 0) send(new ClientReply.Out(bytes).encode());
  }

  @Override
  public void err(byte[] bytes) {
    if (bytes.length > 0) send(new ClientReply.Err(bytes).encode());
  }

  @Override
  public synchronized void exit(ExitCode code) {
    if (closed()) return;
    send(new ClientReply.Exit(code.number()).encode());
    exited = true;
    wantsToWrite.run();
  }

  @Override
  public synchronized boolean closed() {
    return gone || exited;
  }

  private synchronized void send(ByteBuffer frame) {
    if (closed()) return;
    boolean idle = queue.isEmpty();
    queue.add(frame);
    queued += frame.remaining();
    try {
      if (idle && !flush()) return;
      if (queued > MAX_QUEUED) throw new IOException("reads nothing of what it is told");
    } catch (IOException e) {
      // The connections' thread will find it closed, and say that the client is lost.
      ServerLog.say("client " + message().pid() + ": " + e.getMessage());
      queue.clear();
      queued = 0;
      shut();
    }
    wantsToWrite.run();
  }

  private void shut() {
    try {
      channel.shutdownInput();
      channel.shutdownOutput();
    } catch (IOException e) {
      ServerLog.say("client " + message().pid() + ": " + e.getMessage());
    }
  }

  private boolean fact(int bit) {
    return (message().facts() & bit) != 0;
  }

  private Hello message() {
    return hello.orElseThrow(() -> Bug.of("client has not introduced itself"));
  }
}

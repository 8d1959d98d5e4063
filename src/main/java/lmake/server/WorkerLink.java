package lmake.server;

import com.grack.nanojson.JsonArray;
import com.grack.nanojson.JsonObject;
import com.grack.nanojson.JsonParser;
import com.grack.nanojson.JsonParserException;
import com.grack.nanojson.JsonWriter;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import lmake.rules.Evaluator;

/**
 * A python process that evaluates what is real Python in the rules of one digest: one JSON request a line, one answer
 * a line (lmake_worker.py tells the rest). Started when first needed, and again after its death. Used by the engine's
 * thread, which waits for it; a thread reads its answers, so that the wait has an end.
 */
final class WorkerLink implements Evaluator {
  private static final long PATIENCE_MS = 10_000;

  /** Comes from the reader's thread when the process is gone. */
  private static final String GONE = "";

  private final List<String> command;
  private Optional<Process> process = Optional.empty();
  private LinkedBlockingQueue<String> answers = new LinkedBlockingQueue<>();
  private final BitSet sent = new BitSet();
  private long lastId;

  /**
   * @param command the interpreter and its arguments
   */
  WorkerLink(List<String> command) {
    this.command = List.copyOf(command);
  }

  /** The worker of a digest: which python read it, and where it looks for modules. */
  static WorkerLink of(Places places, JsonObject head) {
    List<String> command = new ArrayList<>();
    command.add(head.getString("python", "python3"));
    command.addAll(List.of("-I", "-S", places.python("lmake_worker.py"), places.root()));
    for (Object dir : head.getArray("sys_path", new JsonArray())) command.add((String) dir);
    return new WorkerLink(command);
  }

  @Override
  public Object eval(int code, String text, Map<String, Object> vars) throws EvalError {
    return eval(code, text, vars, look -> {});
  }

  @Override
  public Object eval(int code, String text, Map<String, Object> vars, Consumer<String> looks) throws EvalError {
    try {
      return value(ask(code, text, vars), looks);
    } catch (IOException e) {
      stop();
      throw new EvalError("python cannot be asked : " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EvalError("interrupted");
    }
  }

  /** Ends the process, if there is one. */
  void stop() {
    process.ifPresent(Process::destroyForcibly);
    process = Optional.empty();
  }

  private String ask(int code, String text, Map<String, Object> vars) throws IOException, InterruptedException {
    if (process.isEmpty() || !process.get().isAlive()) start();
    JsonObject request = new JsonObject();
    request.put("id", ++lastId);
    if (!sent.get(code)) {
      JsonObject define = new JsonObject();
      define.put("id", code);
      define.put("text", text);
      request.put("define", define);
      sent.set(code);
    }
    request.put("code", code);
    request.put("vars", vars);
    var out = process.get().getOutputStream();
    out.write((ascii(JsonWriter.string(request)) + "\n").getBytes(StandardCharsets.US_ASCII));
    out.flush();
    String answer = answers.poll(PATIENCE_MS, TimeUnit.MILLISECONDS);
    if (answer == null) throw new IOException("no answer within " + PATIENCE_MS / 1000 + "s");
    if (answer.equals(GONE)) throw new IOException("it died");
    return answer;
  }

  private Object value(String answer, Consumer<String> looks) throws IOException, EvalError {
    try {
      JsonObject object = JsonParser.object().from(answer);
      if (object.getLong("id", 0) != lastId) throw new IOException("it answers another question");
      for (Object name : object.getArray("reads", new JsonArray())) looks.accept((String) name);
      if (object.has("err")) throw new EvalError(object.getString("err"));
      return object.get("ok");
    } catch (JsonParserException e) {
      throw new IOException("its answer is no JSON: " + e.getMessage());
    }
  }

  private void start() throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    // What the environment of whoever started the server holds must not show in a rule.
    builder.environment().clear();
    Process fresh = builder.start();
    LinkedBlockingQueue<String> queue = new LinkedBlockingQueue<>();
    Thread thread = new Thread(() -> read(fresh, queue), "python-worker");
    thread.setDaemon(true);
    thread.start();
    answers = queue;
    sent.clear();
    process = Optional.of(fresh);
  }

  private static void read(Process from, LinkedBlockingQueue<String> queue) {
    InputStreamReader chars = new InputStreamReader(from.getInputStream(), StandardCharsets.US_ASCII);
    try (BufferedReader in = new BufferedReader(chars)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) queue.add(line);
    } catch (IOException e) {
      ServerLog.say("python worker: " + e.getMessage());
    }
    queue.add(GONE);
  }

  /** Escapes what is not ASCII: a lone surrogate, which stands for a byte of a name, would not survive an encoding. */
  static String ascii(String json) {
    StringBuilder out = new StringBuilder(json.length());
    for (int i = 0; i < json.length(); i++) {
      char c = json.charAt(i);
      if (c < 0x80) out.append(c);
      else out.append(String.format("\\u%04x", (int) c));
    }
    return out.toString();
  }
}

package lmake.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import lmake.rules.RuleBook;
import lmake.wire.AgentOrder;

/**
 * The agent of this host: started when first needed, again after its death, anew when what it was told once changes.
 */
final class Agent {
  /** Of what a job writes on each of its streams. */
  private static final int MAX_STDERR = 1 << 20;

  private static final String TMPFS = "/dev/shm";

  private final Places places;
  private final AgentLink.Hearer hearer;
  private Optional<AgentLink> link = Optional.empty();
  private AgentOrder.Configure config;

  Agent(Places places, AgentLink.Hearer hearer) {
    this.places = places;
    this.hearer = hearer;
    this.config = configure(List.of(), 2);
  }

  /** Tells what the makefiles now say. Only while nothing runs, unless they say the same for us. */
  void adopt(RuleBook book) {
    List<String> external =
        book.manifest().dirs().stream().filter(dir -> dir.startsWith("/") || dir.startsWith("../")).toList();
    AgentOrder.Configure wanted = configure(external, book.config().linkSupport());
    if (wanted.equals(config)) return;
    config = wanted;
    link.ifPresent(AgentLink::stop);
    link = Optional.empty();
  }

  /** The process orders go to, a new one if need be. */
  AgentLink link() throws IOException {
    if (link.isEmpty()) {
      AgentLink fresh = AgentLink.start(places.agent(), hearer);
      fresh.send(config);
      link = Optional.of(fresh);
    }
    return link.get();
  }

  /** The guardian sees to the agent, and it is for us to see to the guardian. To be asked now and then. */
  void sendOn(Lib lib) {
    link.ifPresent(agent -> agent.sendOn(lib));
  }

  /** It died: the next order starts another. False when it had been told to leave. */
  boolean forget(AgentLink dead) {
    boolean current = link.isPresent() && link.get() == dead;
    if (current) link = Optional.empty();
    return current;
  }

  /** Kills what runs, and waits for that, but not for ever. */
  void stop() throws InterruptedException {
    if (link.isEmpty()) return;
    link.get().stop();
    if (!link.get().awaitEnd(5000)) ServerLog.say("the agent does not leave, its guardian will see to its jobs");
    link = Optional.empty();
  }

  private AgentOrder.Configure configure(List<String> sourceDirs, int linkSupport) {
    String logs = Files.isWritable(Path.of(TMPFS)) ? TMPFS : places.root() + "/" + Places.PRIVATE;
    return new AgentOrder.Configure(places.root(), places.installDir(), sourceDirs, linkSupport, MAX_STDERR, logs);
  }
}

package lmake.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import lmake.engine.Action.Wash;
import lmake.engine.Action.WashKind;
import lmake.graph.Graph;
import lmake.rules.EarlyError;
import lmake.rules.Isolation;
import lmake.rules.Launch;
import lmake.rules.Rule;
import lmake.rules.RuleBook;
import lmake.rules.TargetEntry;
import lmake.wire.AgentOrder;
import lmake.wire.PathBytes;

/** From a launch to the order for the agent. Engine's thread. */
final class StartOrders {
  private static final Path SCRIPTS = Path.of(Places.PRIVATE, "cmds");

  private final Graph graph;
  private final Places places;

  StartOrders(Graph graph, Places places) {
    this.graph = graph;
    this.places = places;
  }

  /** The order to start, now that there is a slot; the execution knows all of it afterwards. */
  AgentOrder.Start make(Execution one, int smallId, AgentLink link, LaunchSite site) throws EarlyError, IOException {
    boolean keepTmp = one.order().keepTmp();
    Launch launch =
        one.rule()
            .launch(
                one.stems(),
                one.resources().values(),
                site.env(one.job(), one.attempt(), smallId, keepTmp),
                one.evaluation());
    Optional<Path> script = script(launch, smallId);
    List<String> statics = statics(one);
    one.run(new Execution.Running(link, launch, smallId, script, statics));
    return new AgentOrder.Start(
        one.attempt(),
        smallId,
        launch.argv(script.map(file -> launch.seenRoot() + "/" + file).orElse("")),
        launch.environ(),
        "",
        launch.stdin(),
        launch.stdout(),
        launch.tmpDir(),
        flags(one, launch),
        launch.tracer(),
        launch.timeoutMs(),
        launch.killSigs(),
        preActions(one, site.book()),
        statics,
        isolation(launch.isolation()));
  }

  private static AgentOrder.Isolation isolation(Isolation asked) {
    if (asked.equals(Isolation.NONE)) return AgentOrder.Isolation.NONE;
    int flags = (asked.killDaemons() ? AgentOrder.Isolation.KILL_DAEMONS : 0)
        | (asked.chroot().equals("/") ? AgentOrder.Isolation.MOUNTS : 0)
        | (asked.mountChrootOk() ? AgentOrder.Isolation.MOUNT_OK : 0)
        | (asked.checkAbsPaths() ? AgentOrder.Isolation.CHECK_PATHS : 0)
        | (asked.userName() ? AgentOrder.Isolation.USER_NAME : 0)
        | (asked.resolvConf() ? AgentOrder.Isolation.RESOLV_CONF : 0);
    return new AgentOrder.Isolation(
        flags, asked.chroot(), asked.repoView(), asked.tmpView(), asked.lmakeView(), asked.lmakeRoot(),
        asked.views().stream()
            .map(view -> new AgentOrder.View(view.at(), view.overlay(), view.dirs(), view.copyUp()))
            .toList());
  }

  private static int flags(Execution one, Launch launch) {
    return (launch.keepTmp() || one.order().keepTmp() ? AgentOrder.Start.KEEP_TMP : 0)
        | (one.order().liveOut() ? AgentOrder.Start.LIVE_OUT : 0)
        | (launch.autoMkdir() ? AgentOrder.Start.AUTO_MKDIR : 0);
  }

  /** Named after the small id: nobody else who runs has it. */
  private static Optional<Path> script(Launch launch, int smallId) throws IOException {
    if (!launch.needsScript()) return Optional.empty();
    Files.createDirectories(SCRIPTS);
    Path file = SCRIPTS.resolve(Integer.toString(smallId));
    Files.write(file, PathBytes.encode(launch.text()));
    return Optional.of(file);
  }

  private static List<String> statics(Execution one) {
    return Stream.concat(one.rule().targets().stream(), one.rule().sideTargets().stream())
        .filter(entry -> !entry.star())
        .map((TargetEntry entry) -> entry.name(one.stems()))
        .distinct()
        .toList();
  }

  private List<AgentOrder.PreAction> preActions(Execution one, RuleBook book) {
    List<AgentOrder.PreAction> actions = new ArrayList<>();
    for (Wash wash : one.order().washes()) {
      if (wash.kind() == WashKind.NONE) continue;
      String name = graph.name(wash.node());
      actions.add(new AgentOrder.PreAction(wash.kind().ordinal(), name, wash.knownSig(), note(one, wash, book)));
    }
    // Asked even for a dir that was there a moment ago, which the user may have removed since: that is 5 us in the agent.
    for (String dir : one.rule().dirs(one.stems())) {
      actions.add(new AgentOrder.PreAction(WashKind.MKDIR.ordinal(), dir, 0, ""));
    }
    return actions;
  }

  /** The rule of the other job whose file is removed, for the warning. */
  private String note(Execution one, Wash wash, RuleBook book) {
    if (wash.writer() == 0 || wash.writer() == one.job()) return "";
    return book.rule(graph.rule(wash.writer())).map(Rule::name).orElse("");
  }
}

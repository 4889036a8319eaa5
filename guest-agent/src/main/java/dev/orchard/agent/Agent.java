package dev.orchard.agent;

import dev.orchard.agent.process.ProcessLauncher;
import dev.orchard.agent.session.AgentService;
import dev.orchard.agent.session.SessionLoop;
import dev.orchard.exec.link.Carrier;
import dev.orchard.exec.link.LinkServer;
import dev.orchard.proto.guest.v1.InfoReply;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The agent's parts wired together. */
final class Agent {
  private static final List<String> CAPABILITIES =
      List.of("pipes", "tty", "env", "workdir", "user", "signal", "reattach", "forward");

  private static final Logger log = LoggerFactory.getLogger(Agent.class);

  private final SessionLoop loop;
  private final Closing server;

  /** Closes a server, which throws nothing. */
  @FunctionalInterface
  private interface Closing extends AutoCloseable {
    @Override
    void close();
  }

  private Agent(SessionLoop loop, Closing server) {
    this.loop = loop;
    this.server = server;
  }

  /**
   * Serves at once, with a process started before: the first one takes seconds under emulation.
   *
   * @throws IOException where the endpoint cannot be had
   */
  static Agent start(Endpoint endpoint) throws IOException, InterruptedException {
    ProcessLauncher launcher = ProcessLauncher.adoptingOrphans();
    launcher.warmUp();
    String instance = UUID.randomUUID().toString();
    SessionLoop loop = SessionLoop.start(instance, launcher, outputBudget());
    AgentService service = new AgentService(loop, info());
    Closing server =
        switch (endpoint) {
          case Endpoint.Socket(var path) -> SocketServer.start(path, service)::close;
          case Endpoint.Port(var device) ->
              LinkServer.start("host", Carrier.virtioPort(device), service)::close;
        };
    log.info("agent serves instance={} at={}", instance, endpoint);
    return new Agent(loop, server);
  }

  /** A share of the heap, which in a small guest is far from room for every session's buffer. */
  private static long outputBudget() {
    return Runtime.getRuntime().maxMemory() / 4;
  }

  private static InfoReply info() {
    String version = Agent.class.getPackage().getImplementationVersion();
    String arch = System.getProperty("os.arch");
    return InfoReply.newBuilder()
        .setVersion(Objects.requireNonNullElse(version, "development"))
        .setOs(System.getProperty("os.name"))
        .setArch(arch.equals("amd64") ? "x86_64" : arch)
        .addAllCapabilities(CAPABILITIES)
        .build();
  }

  /** Ends all calls, then all processes. */
  void stop() throws InterruptedException {
    server.close();
    loop.stop();
  }

  /** Waits for the end of all sessions, which {@link #stop} brings, or else a defect of ours. */
  void join() throws InterruptedException {
    loop.join();
  }
}

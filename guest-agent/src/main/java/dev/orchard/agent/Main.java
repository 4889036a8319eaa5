package dev.orchard.agent;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** The agent's process: one endpoint, until SIGTERM. It logs on stderr and prints nothing. */
public final class Main {
  private static final int USAGE = 2;
  private static final int FAILED = 1;

  private static final String LOG_FORMAT_KEY = "java.util.logging.SimpleFormatter.format";
  private static final String LOG_FORMAT = "%1$tFT%1$tT.%1$tL %4$s %3$s: %5$s%6$s%n";

  private Main() {}

  public static void main(String[] args) throws InterruptedException {
    if (System.getProperty(LOG_FORMAT_KEY) == null) {
      System.setProperty(LOG_FORMAT_KEY, LOG_FORMAT);
    }
    Optional<Endpoint> endpoint = endpoint(args);
    if (endpoint.isEmpty()) {
      System.err.println("usage: --socket PATH | --port DEVICE");
      System.exit(USAGE);
    }
    try {
      Agent agent = Agent.start(endpoint.orElseThrow());
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(agent), "stop"));
      agent.join();
    } catch (IOException e) {
      System.err.println(e.getMessage());
    }
    System.exit(FAILED);
  }

  private static Optional<Endpoint> endpoint(String[] args) {
    if (args.length != 2) {
      return Optional.empty();
    }
    return switch (args[0]) {
      case "--socket" -> Optional.of(new Endpoint.Socket(Path.of(args[1]).toAbsolutePath()));
      case "--port" -> Optional.of(new Endpoint.Port(Path.of(args[1])));
      default -> Optional.empty();
    };
  }

  private static void stop(Agent agent) {
    try {
      agent.stop();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

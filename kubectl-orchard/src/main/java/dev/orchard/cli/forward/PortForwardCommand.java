package dev.orchard.cli.forward;

import dev.orchard.cli.message.CliException;
import dev.orchard.cli.message.ExitCodes;
import dev.orchard.cli.message.Messages;
import dev.orchard.cli.road.Names;
import dev.orchard.cli.road.Place;
import dev.orchard.cli.terminal.LocalSide;
import dev.orchard.cli.terminal.LocalSignal;
import dev.orchard.client.ClientException;
import dev.orchard.client.Reply;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Listens on ports of this machine's loopback interface that lead to ports of a VM. */
@Command(
    name = "port-forward",
    description = "Makes ports of a VM reachable on 127.0.0.1, until Ctrl-C.",
    sortOptions = false)
public final class PortForwardCommand implements Callable<Integer> {
  private static final int MAX_PORT = 65_535;
  private static final int BACKLOG = 50;

  /** Further ones wait until one ends. */
  private static final int MAX_CONNECTIONS = 256;

  private record Ports(int local, int remote) {}

  private final LocalSide local;
  private final Messages messages;
  private final Place.Source places;
  private final Semaphore connections = new Semaphore(MAX_CONNECTIONS);

  @Parameters(index = "0", paramLabel = "VM", description = "Name of the VM.")
  private String vm = "";

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "[LOCAL:]REMOTE",
      description =
          "Port of the VM, and the one here: the same if left out, any free one where it is 0 or"
              + " empty.")
  private List<String> ports = List.of();

  /** The model of one run. */
  public PortForwardCommand(LocalSide local, Messages messages, Place.Source places) {
    this.local = local;
    this.messages = messages;
    this.places = places;
  }

  @Override
  public Integer call() throws InterruptedException, IOException {
    Names.label("VM", vm);
    List<Ports> wanted = ports.stream().map(PortForwardCommand::ports).toList();
    BlockingQueue<LocalSignal> signals = new LinkedBlockingQueue<>();
    List<ServerSocket> listening = new ArrayList<>();
    try (Place place = places.open()) {
      Names.label("namespace", place.namespace());
      local.signals().handle(signals::add);
      for (Ports pair : wanted) {
        listening.add(listen(pair, place));
      }
      LocalSignal signal = signals.take();
      while (signal == LocalSignal.WINCH) {
        signal = signals.take();
      }
      return ExitCodes.SIGNAL_BASE + signal.number();
    } finally {
      for (ServerSocket socket : listening) {
        socket.close();
      }
    }
  }

  private static Ports ports(String text) {
    int colon = text.indexOf(':');
    int remote = port(text, text.substring(colon + 1));
    if (remote == 0) {
      throw CliException.usage("port '%s': the VM has no port 0".formatted(text));
    }
    String here = colon < 0 ? "" : text.substring(0, colon);
    return new Ports(colon < 0 ? remote : here.isEmpty() ? 0 : port(text, here), remote);
  }

  private static int port(String text, String number) {
    if (!number.matches("\\d{1,5}") || Integer.parseInt(number) > MAX_PORT) {
      throw CliException.usage(
          "port '%s' is not [LOCAL:]REMOTE of numbers up to %d".formatted(text, MAX_PORT));
    }
    return Integer.parseInt(number);
  }

  private ServerSocket listen(Ports pair, Place place) throws IOException {
    ServerSocket server;
    try {
      server = new ServerSocket(pair.local(), BACKLOG, InetAddress.ofLiteral("127.0.0.1"));
    } catch (IOException e) {
      throw CliException.local(
          "cannot listen on 127.0.0.1:%d: %s".formatted(pair.local(), e.getMessage()));
    }
    String line =
        "Forwarding 127.0.0.1:%d to port %d of %s\n"
            .formatted(server.getLocalPort(), pair.remote(), vm);
    local.stdout().write(line.getBytes(StandardCharsets.UTF_8));
    local.stdout().flush();
    Thread.ofVirtual().name("accept").start(() -> accept(server, pair, place));
    return server;
  }

  private void accept(ServerSocket server, Ports pair, Place place) {
    try {
      while (true) {
        connections.acquire();
        Socket socket = server.accept();
        Thread.ofVirtual()
            .name("connection")
            .start(() -> {
              try {
                serve(socket, pair.remote(), place);
              } finally {
                connections.release();
              }
            });
      }
    } catch (IOException e) {
      if (!server.isClosed()) {
        messages.say("no more connections are taken: " + e.getMessage());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void serve(Socket accepted, int port, Place place) {
    try (Socket socket = accepted) {
      String trouble =
          switch (place
              .road()
              .forward(place.namespace(), vm, port, new ForwardedConnection(socket))) {
            case Reply.Done<ForwardedConnection>(ForwardedConnection connection) ->
                connection.relay();
            case Reply.Refused<ForwardedConnection> refused ->
                "%s (%d)".formatted(refused.message(), refused.status());
            case Reply.Failed<ForwardedConnection>(String why) -> why;
          };
      if (!trouble.isEmpty()) {
        messages.say("port %d of %s: %s".formatted(port, vm, trouble));
      }
    } catch (ClientException | IOException e) {
      messages.say("port %d of %s: %s".formatted(port, vm, e.getMessage()));
    }
  }
}

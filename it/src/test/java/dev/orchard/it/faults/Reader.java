package dev.orchard.it.faults;

import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.JsonFrames;
import dev.orchard.exec.session.ClientSession;
import dev.orchard.exec.session.Outcome;
import dev.orchard.it.ExecClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;

/** Starts one command and reads it to its end, over whichever replica answers. */
final class Reader {
  private final HttpClient http;
  private final RealSystem system;
  private final List<URI> servers;

  Reader(RealSystem system) {
    this(system, system.servers());
  }

  /** One that knows these addresses of the replicas, each as good as the other. */
  Reader(RealSystem system, List<URI> servers) {
    this.system = system;
    this.servers = List.copyOf(servers);
    this.http = HttpClient.newBuilder().sslContext(ExecClient.trusting(system.ca())).build();
  }

  /** Reads one that was started before, from its beginning. */
  Outcome read(String vm, String name, Consumer<Frame.Output> output) throws InterruptedException {
    return run(vm, name, Map.of(), output, _ -> {});
  }

  Outcome run(
      String vm,
      String name,
      List<String> command,
      Consumer<Frame.Output> output,
      Consumer<Long> resumed)
      throws InterruptedException {
    return run(vm, name, Map.of("command", command), output, resumed);
  }

  /**
   * As the API's body says.
   *
   * @param body without the name; empty for a session that was started before
   */
  Outcome run(
      String vm,
      String name,
      Map<String, ?> body,
      Consumer<Frame.Output> output,
      Consumer<Long> resumed)
      throws InterruptedException {
    ClientSession session = new ClientSession(false, false);
    int replica = ThreadLocalRandom.current().nextInt(servers.size());
    boolean started = body.isEmpty();
    String ticket = "";
    long cut = 0;
    while (true) {
      URI server = servers.get(replica++ % servers.size());
      HttpRequest.Builder request =
          HttpRequest.newBuilder(
                  server.resolve(
                      started
                          ? "/v1/vms/%s/exec/%s?from=%d".formatted(vm, name, session.resumeFrom())
                          : "/v1/vms/%s/exec".formatted(vm)))
              .header("Authorization", "Bearer " + system.token());
      if (!ticket.isEmpty()) {
        request.header("Orchard-Ticket", ticket);
      }
      if (!started) {
        Map<String, Object> named = new HashMap<>(body);
        named.put("name", name);
        request.POST(ExecClient.json(named));
      }
      try {
        HttpResponse<InputStream> response =
            http.send(request.build(), BodyHandlers.ofInputStream());
        if (response.statusCode() == 200) {
          started = true;
          session.connected();
          try (BufferedReader lines =
              new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
            boolean on = true;
            while (on) {
              String line = lines.readLine();
              if (line == null) {
                break;
              }
              if (cut != 0) {
                resumed.accept((System.nanoTime() - cut) / 1_000_000);
                cut = 0;
              }
              Frame.Out frame =
                  (Frame.Out) JsonFrames.decode(line.getBytes(StandardCharsets.UTF_8));
              if (frame instanceof Frame.Started(_, _, _, String first)) {
                ticket = first;
              } else if (frame instanceof Frame.Heartbeat(String newer) && !newer.isEmpty()) {
                ticket = newer;
              }
              switch (session.received(frame)) {
                case ClientSession.Reaction.Nothing() -> {}
                case ClientSession.Reaction.Deliver(var stream, var data) ->
                    output.accept(new Frame.Output(stream, 0, data));
                case ClientSession.Reaction.TellGap(long from, long to) ->
                    throw new AssertionError("gap " + from + " " + to);
                case ClientSession.Reaction.Reconnect(String _) -> on = false;
                case ClientSession.Reaction.End(Outcome outcome) -> {
                  return outcome;
                }
              }
            }
          }
        } else {
          byte[] refusal = response.body().readAllBytes();
          if (response.statusCode() != 503 && response.statusCode() != 429) {
            return session.abandon(
                response.statusCode() + " " + new String(refusal, StandardCharsets.UTF_8));
          }
        }
      } catch (IOException _) {
        // Another one.
      }
      session.disconnected();
      if (cut == 0) {
        cut = System.nanoTime();
      } else {
        Thread.sleep(100);
      }
    }
  }
}

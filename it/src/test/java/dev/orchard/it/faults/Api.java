package dev.orchard.it.faults;

import dev.orchard.it.ExecClient;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.HashMap;
import java.util.Map;

/** One replica's HTTP API, for what is no stream. */
final class Api implements AutoCloseable {
  private final HttpClient http;
  private final URI server;
  private final String token;

  Api(RealSystem system, int replica) {
    http = HttpClient.newBuilder().sslContext(ExecClient.trusting(system.ca())).build();
    server = system.server(replica);
    token = system.token();
  }

  /**
   * Starts a command that runs whether it is read or not.
   *
   * @param body as the API has it, without the name
   * @return the status of the answer
   */
  int start(String vm, String name, Map<String, ?> body) throws IOException, InterruptedException {
    Map<String, Object> named = new HashMap<>(body);
    named.put("name", name);
    return send(
        request("/v1/vms/%s/exec".formatted(vm))
            .header("Prefer", "respond-async")
            .POST(ExecClient.json(named)));
  }

  /** Ends a session's stdin, of which nothing was sent; returns the status of the answer. */
  int endStdin(String vm, String name) throws IOException, InterruptedException {
    return send(
        request("/v1/vms/%s/exec/%s/stdin?offset=0&eof=true".formatted(vm, name))
            .POST(HttpRequest.BodyPublishers.noBody()));
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(server.resolve(path)).header("Authorization", "Bearer " + token);
  }

  private int send(HttpRequest.Builder request) throws IOException, InterruptedException {
    return http.send(request.build(), BodyHandlers.discarding()).statusCode();
  }

  @Override
  public void close() {
    http.close();
  }
}

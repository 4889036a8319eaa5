package dev.orchard.cli.road;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.orchard.cli.kubeconfig.Identity;
import dev.orchard.cli.message.CliException;
import dev.orchard.exec.frame.Frame;
import java.net.http.HttpRequest;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Straight to a controller, by its HTTP API. */
public final class DirectRoad implements Road {
  private final Http http;

  public DirectRoad(ServerAddress controller, Identity identity) {
    this.http = new Http(controller, identity, DirectRoad::meaning);
  }

  private static String meaning(int status) {
    return switch (status) {
      case 401 -> "the controller does not take these credentials";
      case 403 -> "the controller does not allow it to this user";
      case 404 -> "the controller does not know it";
      default -> "the controller answered with HTTP status " + status;
    };
  }

  @Override
  public Reply<SessionAddress> create(SessionAddress session, ExecSpec spec, Duration wait)
      throws InterruptedException {
    HttpRequest request =
        http.request(collection(session) + "?wait=" + wait.plusMillis(999).toSeconds())
            .header("Content-Type", "application/json")
            .header("Prefer", "respond-async")
            .timeout(wait.plus(Http.PATIENCE))
            .POST(Http.json(RequestBody.request(session.session(), spec)))
            .build();
    return http.send(request).map(_ -> session);
  }

  @Override
  public Reply<SessionStream> attach(
      SessionAddress session, Attachment how, SessionStream.Listener listener) {
    return http.webSocket(
            path(session) + how.query(),
            Optional.of(SessionSocket.SUBPROTOCOL),
            new SessionSocket(listener))
        .map(socket -> socket);
  }

  @Override
  public Reply<SessionStream> log(
      SessionAddress session, long from, boolean follow, SessionStream.Listener listener) {
    return http.stream(path(session) + "?from=" + from + "&follow=" + follow)
        .map(body -> new LogStream(body, follow, listener));
  }

  @Override
  public Reply<SessionInfo> session(SessionAddress session) throws InterruptedException {
    return http.send(http.request(path(session)).header("Accept", "application/json").build())
        .map(SessionInfo::ofMetadata);
  }

  @Override
  public Reply<List<SessionInfo>> sessions(String namespace, String vm)
      throws InterruptedException {
    if (!vm.isEmpty()) {
      return http.send(http.request(vms(namespace) + "/" + vm + "/execs").build())
          .map(list -> all(list, SessionInfo::ofMetadata));
    }
    Reply<List<String>> vms = vms(namespace, "");
    if (!(vms instanceof Reply.Done<List<String>>(List<String> names))) {
      return vms.map(_ -> List.of());
    }
    List<SessionInfo> sessions = new ArrayList<>();
    for (String name : names) {
      // One that has gone meanwhile has none.
      switch (sessions(namespace, name)) {
        case Reply.Done<List<SessionInfo>>(List<SessionInfo> found) -> sessions.addAll(found);
        case Reply.Refused<List<SessionInfo>> refused when refused.status() == 404 -> {}
        case Reply<List<SessionInfo>> failed -> {
          return failed;
        }
      }
    }
    sessions.sort(SessionInfo.OLDEST_FIRST);
    return new Reply.Done<>(sessions);
  }

  @Override
  public Reply<SessionAddress> signal(SessionAddress session, Frame.Signal signal)
      throws InterruptedException {
    return post(
        session, "signal", JsonNodeFactory.instance.objectNode().put("signal", signal.signal()));
  }

  @Override
  public Reply<SessionAddress> cancel(SessionAddress session) throws InterruptedException {
    return post(session, "cancel", JsonNodeFactory.instance.objectNode());
  }

  private Reply<SessionAddress> post(SessionAddress session, String what, JsonNode body)
      throws InterruptedException {
    return http.send(
            http.request(path(session) + "/" + what)
                .header("Content-Type", "application/json")
                .POST(Http.json(body))
                .build())
        .map(_ -> session);
  }

  @Override
  public Reply<List<String>> vms(String namespace, String selector) throws InterruptedException {
    if (!selector.isEmpty()) {
      throw CliException.usage(
          "a controller knows no selectors (-l): go through the Kubernetes API, by --server"
              + " kubernetes");
    }
    return http.send(http.request(vms(namespace)).build())
        .map(list -> all(list, vm -> vm.path("name").asText("")));
  }

  private static <T> List<T> all(JsonNode list, Function<JsonNode, T> item) {
    List<T> all = new ArrayList<>();
    list.forEach(json -> all.add(item.apply(json)));
    return all;
  }

  private static String vms(String namespace) {
    return "/v1/namespaces/" + namespace + "/vms";
  }

  @Override
  public <L extends WebSocket.Listener> Reply<L> forward(
      String namespace, String vm, int port, L listener) {
    return http.webSocket(
        "%s/%s/port-forward?port=%d".formatted(vms(namespace), vm, port),
        Optional.empty(),
        listener);
  }

  @Override
  public boolean needsVm() {
    return true;
  }

  @Override
  public String shown(SessionAddress session) {
    return session.vm() + "/" + session.session();
  }

  private static String collection(SessionAddress session) {
    return vms(session.namespace()) + "/" + session.vm() + "/exec";
  }

  private static String path(SessionAddress session) {
    return collection(session) + "/" + session.session();
  }

  @Override
  public void close() {
    http.close();
  }
}

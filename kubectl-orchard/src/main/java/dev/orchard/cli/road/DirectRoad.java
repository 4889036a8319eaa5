package dev.orchard.cli.road;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orchard.cli.message.CliException;
import dev.orchard.client.Attachment;
import dev.orchard.client.Controllers;
import dev.orchard.client.ExecRequest;
import dev.orchard.client.Http;
import dev.orchard.client.Identity;
import dev.orchard.client.Reply;
import dev.orchard.client.ServerAddress;
import dev.orchard.client.SessionAddress;
import dev.orchard.client.SessionStream;
import dev.orchard.exec.frame.Frame;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Straight to a controller, by its HTTP API. */
public final class DirectRoad implements Road {
  private final Http http;
  private final Controllers controllers;

  public DirectRoad(ServerAddress controller, Identity identity) {
    this.http = new Http(controller, identity, Controllers::meaning);
    this.controllers = new Controllers(List.of(http), 0);
  }

  @Override
  public Reply<SessionAddress> create(SessionAddress session, ExecRequest spec, Duration wait)
      throws InterruptedException {
    return controllers.create(session, spec, wait);
  }

  @Override
  public Reply<SessionStream> attach(
      SessionAddress session, Attachment how, SessionStream.Listener listener) {
    return controllers.attach(session, how, listener);
  }

  @Override
  public Reply<SessionStream> log(
      SessionAddress session, Attachment how, boolean follow, SessionStream.Listener listener) {
    return controllers.log(session, how, follow, listener);
  }

  @Override
  public Reply<SessionInfo> session(SessionAddress session) throws InterruptedException {
    return http.send(
            http.request(Controllers.path(session)).header("Accept", "application/json").build())
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
    return controllers.signal(session, signal);
  }

  @Override
  public Reply<SessionAddress> cancel(SessionAddress session) throws InterruptedException {
    return controllers.cancel(session);
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
        "%s/%s/port-forward?port=%d".formatted(vms(namespace), vm, port), listener);
  }

  @Override
  public boolean needsVm() {
    return true;
  }

  @Override
  public String shown(SessionAddress session) {
    return session.vm() + "/" + session.session();
  }

  @Override
  public void close() {
    controllers.close();
  }
}

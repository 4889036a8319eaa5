package dev.orchard.controller.forward;

import dev.orchard.controller.auth.Caller;
import dev.orchard.controller.auth.Callers;
import dev.orchard.controller.auth.KubernetesApi;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.Sessions.Place;
import dev.orchard.controller.web.Bodies;
import dev.orchard.controller.web.JsonBody;
import dev.orchard.controller.web.Requests;
import dev.orchard.controller.web.Routes;
import dev.orchard.controller.web.SessionSocket;
import dev.orchard.crds.vm.VM;
import io.helidon.http.HeaderNames;
import io.helidon.http.PathMatcher;
import io.helidon.http.PathMatchers;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.websocket.WsRouting;
import java.time.Duration;

/** The ways to a VM's network: to one of its ports, and its address. */
public final class PortForwardRoutes implements Routes {
  private final Callers callers;
  private final PortForwards forwards;
  private final PortForwardSocket sockets;

  public PortForwardRoutes(Callers callers, PortForwards forwards, PortForwardSocket sockets) {
    this.callers = callers;
    this.forwards = forwards;
    this.sockets = sockets;
  }

  @Override
  public void register(HttpRules http, WsRouting.Builder routing) {}

  @Override
  public void register(HttpRules http, WsRouting.Builder routing, String base) {
    String pattern = base + "/vms/{vm}/port-forward";
    PathMatcher path = PathMatchers.create(pattern);
    routing.endpoint(
        pattern,
        () ->
            new SessionSocket((prologue, headers) -> {
              Caller caller = callers.caller(Requests.authorization(headers));
              Place place = Requests.place(path.match(prologue.uriPath()).path().pathParameters());
              return sockets.open(caller, place, prologue.query());
            }));
    http.get(pattern, this::refuse).get(base + "/vms/{vm}/ip", this::ip);
  }

  private void refuse(ServerRequest request, ServerResponse response) {
    ApiException refusal =
        sockets.upgradeRequired(
            callers.caller(Requests.authorization(request.headers())),
            Requests.place(request.path().pathParameters()),
            request.query());
    response.headers().set(HeaderNames.UPGRADE, "websocket");
    throw refusal;
  }

  private void ip(ServerRequest request, ServerResponse response) throws InterruptedException {
    Caller caller = callers.caller(Requests.authorization(request.headers()));
    Place place = Requests.place(request.path().pathParameters());
    Duration wait = PortForwardSocket.wait(request.query(), Duration.ZERO);
    VM vm =
        KubernetesApi.call(() ->
            caller
                .client()
                .resources(VM.class)
                .inNamespace(place.namespace())
                .withName(place.vm())
                .get());
    if (vm == null) {
      throw ApiException.notFound("vm", place.namespace(), place.vm());
    }
    Bodies.json(
        response, JsonBody.JSON.createObjectNode().put("ip", forwards.address(place, wait)));
  }
}

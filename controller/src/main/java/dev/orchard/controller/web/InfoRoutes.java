package dev.orchard.controller.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.orchard.controller.auth.Access;
import dev.orchard.controller.auth.Caller;
import dev.orchard.controller.auth.Callers;
import dev.orchard.controller.auth.KubernetesApi;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.crds.worker.Worker;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Comparator;
import java.util.List;
import java.util.function.BooleanSupplier;

/** Workers, what this controller can do, and whether it lives. */
final class InfoRoutes {
  /** Execs as docs/api.md describes them. */
  private static final List<String> CAPABILITIES = List.of("exec-v1");

  private final Callers callers;
  private final Access access;
  private final String version;
  private final BooleanSupplier ready;

  InfoRoutes(Callers callers, Access access, String version, BooleanSupplier ready) {
    this.callers = callers;
    this.access = access;
    this.version = version;
    this.ready = ready;
  }

  void register(HttpRules rules) {
    rules
        .get("/", (request, response) -> response.send())
        .get("/livez", (request, response) -> response.send("ok\n"))
        .get("/readyz", this::ready)
        .get("/v1/controller/info", this::info)
        .get("/v1/workers", this::workers)
        .get("/v1/workers/{worker}", this::worker);
  }

  private void ready(ServerRequest request, ServerResponse response) {
    boolean now = ready.getAsBoolean();
    response.status(now ? 200 : 503).send(now ? "ok\n" : "not ready\n");
  }

  private void info(ServerRequest request, ServerResponse response) {
    access.requireKnown(callers.caller(Requests.authorization(request.headers())));
    ObjectNode info = JsonBody.JSON.createObjectNode().put("version", version);
    ArrayNode capabilities = info.putArray("capabilities");
    CAPABILITIES.forEach(capabilities::add);
    Bodies.json(response, info);
  }

  private void workers(ServerRequest request, ServerResponse response) {
    Caller caller = callers.caller(Requests.authorization(request.headers()));
    ArrayNode list = JsonBody.JSON.createArrayNode();
    KubernetesApi.call(() -> caller.client().resources(Worker.class).list().getItems()).stream()
        .sorted(Comparator.comparing(worker -> worker.getMetadata().getName()))
        .map(ObjectJson::worker)
        .forEach(list::add);
    Bodies.json(response, list);
  }

  private void worker(ServerRequest request, ServerResponse response) {
    Caller caller = callers.caller(Requests.authorization(request.headers()));
    String name = request.path().pathParameters().get("worker");
    Worker worker =
        KubernetesApi.call(() -> caller.client().resources(Worker.class).withName(name).get());
    if (worker == null) {
      throw new ApiException(404, "worker-not-found", "there is no worker " + name);
    }
    Bodies.json(response, ObjectJson.worker(worker));
  }
}

package dev.orchard.controller.orchard;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.orchard.controller.auth.Caller;
import dev.orchard.controller.auth.Callers;
import dev.orchard.controller.auth.KubernetesApi;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.web.Bodies;
import dev.orchard.controller.web.JsonBody;
import dev.orchard.controller.web.Requests;
import dev.orchard.crds.worker.Worker;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Comparator;
import java.util.Map;

/** Workers as objects of the Kubernetes API, with the caller's own rights, in Orchard's shape. */
final class WorkerRoutes {
  private final Callers callers;
  private final LastSeen lastSeen;

  WorkerRoutes(Callers callers, LastSeen lastSeen) {
    this.callers = callers;
    this.lastSeen = lastSeen;
  }

  void register(HttpRules rules) {
    rules
        .get("/v1/workers", this::list)
        .get("/v1/workers/{worker}", this::get)
        .put("/v1/workers/{worker}", this::put)
        .delete("/v1/workers/{worker}", this::delete);
  }

  private void list(ServerRequest request, ServerResponse response) {
    Caller caller = caller(request);
    ArrayNode list = JsonBody.JSON.createArrayNode();
    var workers =
        KubernetesApi.call(() -> caller.client().resources(Worker.class).list().getItems());
    Map<String, String> seen = lastSeen.all();
    workers.stream()
        .sorted(Comparator.comparing(worker -> worker.getMetadata().getName()))
        .map(worker -> WorkerJson.of(worker, seen))
        .forEach(list::add);
    Bodies.json(response, list);
  }

  private void get(ServerRequest request, ServerResponse response) {
    Bodies.json(response, WorkerJson.of(require(caller(request), name(request)), lastSeen.all()));
  }

  /** The name in the path counts, and of the body {@code scheduling_paused} alone. */
  private void put(ServerRequest request, ServerResponse response) {
    Caller caller = caller(request);
    String name = name(request);
    boolean paused = Bodies.read(request).flag("scheduling_paused");
    Worker worker = require(caller, name);
    if (worker.specOrDefault().unschedulable() != paused) {
      worker =
          KubernetesApi.call(() ->
              resource(caller, name)
                  .patch(
                      PatchContext.of(PatchType.JSON_MERGE),
                      "{\"spec\":{\"unschedulable\":%b}}".formatted(paused)));
    }
    Bodies.json(response, WorkerJson.of(worker, lastSeen.all()));
  }

  private void delete(ServerRequest request, ServerResponse response) {
    Caller caller = caller(request);
    var _ = KubernetesApi.call(() -> resource(caller, name(request)).delete());
    response.headers().set(HeaderNames.CONTENT_LENGTH, "0");
    response.status(200).send();
  }

  private Caller caller(ServerRequest request) {
    return callers.caller(Requests.authorization(request.headers()));
  }

  private static String name(ServerRequest request) {
    return request.path().pathParameters().get("worker");
  }

  private static Worker require(Caller caller, String name) {
    Worker worker = KubernetesApi.call(() -> resource(caller, name).get());
    if (worker == null) {
      throw new ApiException(404, "worker-not-found", "there is no worker " + name);
    }
    return worker;
  }

  private static Resource<Worker> resource(Caller caller, String name) {
    return caller.client().resources(Worker.class).withName(name);
  }
}

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
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Comparator;

/** Workers as objects of the Kubernetes API, with the caller's own rights, in Orchard's shape. */
final class WorkerRoutes {
  private final Callers callers;

  WorkerRoutes(Callers callers) {
    this.callers = callers;
  }

  void register(HttpRules rules) {
    rules.get("/v1/workers", this::list).get("/v1/workers/{worker}", this::get);
  }

  private void list(ServerRequest request, ServerResponse response) {
    Caller caller = callers.caller(Requests.authorization(request.headers()));
    ArrayNode list = JsonBody.JSON.createArrayNode();
    KubernetesApi.call(() -> caller.client().resources(Worker.class).list().getItems()).stream()
        .sorted(Comparator.comparing(worker -> worker.getMetadata().getName()))
        .map(WorkerJson::of)
        .forEach(list::add);
    Bodies.json(response, list);
  }

  private void get(ServerRequest request, ServerResponse response) {
    Caller caller = callers.caller(Requests.authorization(request.headers()));
    String name = request.path().pathParameters().get("worker");
    Worker worker =
        KubernetesApi.call(() -> caller.client().resources(Worker.class).withName(name).get());
    if (worker == null) {
      throw new ApiException(404, "worker-not-found", "there is no worker " + name);
    }
    Bodies.json(response, WorkerJson.of(worker));
  }
}

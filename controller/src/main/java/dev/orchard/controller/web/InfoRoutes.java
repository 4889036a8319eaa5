package dev.orchard.controller.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.orchard.controller.auth.Access;
import dev.orchard.controller.auth.Callers;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;
import java.util.function.BooleanSupplier;

/** What this controller can do, and whether it lives. */
final class InfoRoutes {
  /** Execs as docs/api.md describes them. */
  private static final List<String> CAPABILITIES =
      List.of("exec-v1", "port-forward-v1", "worker-http-v1");

  private final Callers callers;
  private final Access access;
  private final String version;
  private final ObjectNode openApi = OpenApiDocument.load();
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
        .get("/v1", (request, response) -> response.send())
        .get("/v1/", (request, response) -> response.send())
        .get("/livez", (request, response) -> response.send("ok\n"))
        .get("/readyz", this::ready)
        .get("/openapi", this::openApi)
        .get("/v1/controller/info", this::info);
  }

  private void ready(ServerRequest request, ServerResponse response) {
    boolean now = ready.getAsBoolean();
    response.status(now ? 200 : 503).send(now ? "ok\n" : "not ready\n");
  }

  private void openApi(ServerRequest request, ServerResponse response) {
    access.requireKnown(callers.caller(Requests.authorization(request.headers())));
    if (Requests.accepts(request.headers(), "yaml")) {
      response.headers().set(HeaderNames.CONTENT_TYPE, "application/yaml");
      response.send(OpenApiDocument.yaml(openApi));
    } else {
      Bodies.json(response, openApi);
    }
  }

  private void info(ServerRequest request, ServerResponse response) {
    access.requireKnown(callers.caller(Requests.authorization(request.headers())));
    ObjectNode info = JsonBody.JSON.createObjectNode().put("version", version);
    ArrayNode capabilities = info.putArray("capabilities");
    CAPABILITIES.forEach(capabilities::add);
    Bodies.json(response, info);
  }
}

package dev.orchard.cli.exec;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.http.WritableHeaders;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.websocket.WsRouting;
import io.helidon.websocket.WsListener;
import io.helidon.websocket.WsSession;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/** An API server that knows VMs and VMExecs, and whose sessions a test plays by hand. */
final class FakeKubernetes implements AutoCloseable {
  private static final String OBJECTS = "/apis/orchard.dev/v1alpha1/namespaces/{ns}";
  private static final String GROUP = "/apis/subresources.orchard.dev/v1alpha1";
  private static final String SESSION = GROUP + "/namespaces/{ns}/vmexecs/{name}";
  private static final HeaderName SUBPROTOCOL = HeaderNames.create("Sec-WebSocket-Protocol");
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A request that changes something. */
  record Call(
      String method, String path, String query, Map<String, String> headers, JsonNode body) {}

  private final Map<String, JsonNode> vms = new ConcurrentHashMap<>();
  private final Map<String, JsonNode> execs = new ConcurrentHashMap<>();
  private final Map<String, String> logs = new ConcurrentHashMap<>();
  private final BlockingQueue<Call> calls = new LinkedBlockingQueue<>();
  private final BlockingQueue<FakeAttachment> attachments = new LinkedBlockingQueue<>();
  private final WebServer server;
  private volatile boolean isAggregated = true;

  FakeKubernetes() {
    server =
        WebServer.builder()
            .address(InetAddress.getLoopbackAddress())
            .port(0)
            .shutdownHook(false)
            .addRouting(
                HttpRouting.builder()
                    .get(GROUP, this::discover)
                    .get(OBJECTS + "/vms", (req, res) -> list(req, res, vms))
                    .get(OBJECTS + "/vms/{name}", (req, res) -> get(req, res, vms))
                    .get(OBJECTS + "/vmexecs", (req, res) -> list(req, res, execs))
                    .get(OBJECTS + "/vmexecs/{name}", (req, res) -> get(req, res, execs))
                    .post(OBJECTS + "/vmexecs", this::create)
                    .patch(OBJECTS + "/vmexecs/{name}", this::accept)
                    .post(SESSION + "/attach", this::accept)
                    .get(SESSION + "/log", this::log))
            .addRouting(WsRouting.builder().endpoint(SESSION + "/attach", Listener::new))
            .build()
            .start();
  }

  String url() {
    return "http://127.0.0.1:" + server.port();
  }

  /** From now on there is no aggregated API. */
  void withoutAggregation() {
    isAggregated = false;
  }

  void vm(String name, String json) throws JsonProcessingException {
    ObjectNode vm = (ObjectNode) JSON.readTree(json);
    ObjectNode metadata = vm.withObject("/metadata");
    vms.put(name, vm.set("metadata", metadata.put("name", name).put("uid", "uid-of-" + name)));
  }

  void readyVm(String name) throws JsonProcessingException {
    vm(
        name,
        """
        {"metadata": {"labels": {"tier": "ci"}},
         "status": {"workerName": "laptop", "bootID": "boot", "conditions": [
          {"type": "Ready", "status": "True", "reason": "Running"},
          {"type": "AgentConnected", "status": "True", "reason": "Connected"}]}}
        """);
  }

  void exec(String name, String json) throws JsonProcessingException {
    ObjectNode exec = (ObjectNode) JSON.readTree(json);
    ObjectNode metadata = exec.withObject("/metadata");
    execs.put(name, exec.set("metadata", metadata.put("name", name)));
  }

  /** What is answered to whoever reads the session's log. */
  void log(String session, String ndjson) {
    logs.put(session, ndjson);
  }

  Call call() throws InterruptedException {
    return FakeController.taken(calls, "nothing was asked for");
  }

  /** Whether something was asked for that the test has not looked at. */
  boolean hasCalls() {
    return !calls.isEmpty();
  }

  FakeAttachment attachment() throws InterruptedException {
    return FakeController.taken(attachments, "nobody attached");
  }

  private void discover(ServerRequest request, ServerResponse response) {
    if (isAggregated) {
      response.send("{\"kind\":\"APIResourceList\"}");
    } else {
      response.status(404).send("404 page not found\n");
    }
  }

  private static void status(ServerResponse response, int code, String message) {
    response
        .status(code)
        .send(
            JSON.createObjectNode()
                .put("kind", "Status")
                .put("status", "Failure")
                .put("message", message)
                .put("code", code)
                .toString());
  }

  private static void list(
      ServerRequest request, ServerResponse response, Map<String, JsonNode> objects) {
    ObjectNode list = JSON.createObjectNode();
    String selector = request.query().first("labelSelector").orElse("");
    var items = list.putArray("items");
    new TreeMap<>(objects)
        .values().stream().filter(object -> selected(object, selector)).forEach(items::add);
    list.putObject("metadata");
    response.send(list.toString());
  }

  private static boolean selected(JsonNode object, String selector) {
    int equals = selector.indexOf('=');
    return equals < 0
        || object
            .path("metadata")
            .path("labels")
            .path(selector.substring(0, equals))
            .asText("")
            .equals(selector.substring(equals + 1));
  }

  private static void get(
      ServerRequest request, ServerResponse response, Map<String, JsonNode> objects) {
    String name = request.path().pathParameters().get("name");
    JsonNode object = objects.get(name);
    if (object == null) {
      status(response, 404, "\"" + name + "\" not found");
    } else {
      response.send(object.toString());
    }
  }

  private Call note(ServerRequest request) throws JsonProcessingException {
    Map<String, String> headers = new TreeMap<>();
    request.headers().forEach(header -> headers.put(header.name(), header.values()));
    Call call =
        new Call(
            request.prologue().method().text(),
            request.path().path(),
            request.query().rawValue(),
            headers,
            JSON.readTree(request.content().as(String.class)));
    calls.add(call);
    return call;
  }

  private void create(ServerRequest request, ServerResponse response)
      throws JsonProcessingException {
    JsonNode body = note(request).body();
    String name = body.path("metadata").path("name").asText();
    if (execs.putIfAbsent(name, body) == null) {
      response.status(201).send(body.toString());
    } else {
      status(response, 409, "vmexecs.orchard.dev \"" + name + "\" already exists");
    }
  }

  private void accept(ServerRequest request, ServerResponse response)
      throws JsonProcessingException {
    note(request);
    response.status(200).send("{}");
  }

  private void log(ServerRequest request, ServerResponse response) throws IOException {
    String text = logs.get(request.path().pathParameters().get("name"));
    if (text == null) {
      status(response, 404, "no such session");
      return;
    }
    calls.add(
        new Call(
            "GET",
            request.path().path(),
            request.query().rawValue(),
            Map.of(),
            JSON.createObjectNode()));
    try (OutputStream out = response.outputStream()) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  @Override
  public void close() {
    server.stop();
  }

  private final class Listener implements WsListener {
    private final StringBuilder text = new StringBuilder();
    private @Nullable FakeAttachment attachment;

    @Override
    public Optional<Headers> onHttpUpgrade(HttpPrologue prologue, Headers headers) {
      attachment =
          new FakeAttachment(
              prologue.uriPath().path(),
              prologue.query().rawValue(),
              headers.get(HeaderNames.AUTHORIZATION).get());
      WritableHeaders<?> answer = WritableHeaders.create();
      answer.set(SUBPROTOCOL, headers.get(SUBPROTOCOL).get());
      return Optional.of(answer);
    }

    @Override
    public void onOpen(WsSession session) {
      opened().open(session);
      attachments.add(opened());
    }

    @Override
    public void onMessage(WsSession session, String part, boolean last) {
      text.append(part);
      if (last) {
        opened().arrived(text.toString());
        text.setLength(0);
      }
    }

    private FakeAttachment opened() {
      return Objects.requireNonNull(attachment);
    }
  }
}

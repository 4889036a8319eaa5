package dev.orchard.cli.exec;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
import io.helidon.websocket.WsUpgradeException;
import java.net.InetAddress;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A controller whose sessions a test plays by hand, over real HTTP and WebSockets. */
final class FakeController implements AutoCloseable {
  /** What is waited for at most; nothing is expected to take that long. */
  static final int PATIENCE_SECONDS = 60;

  private static final String EXEC = "/v1/namespaces/{ns}/vms/{vm}/exec";
  private static final HeaderName SUBPROTOCOL = HeaderNames.create("Sec-WebSocket-Protocol");
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A request for a session. */
  record Creation(String path, String query, String authorization, String prefer, JsonNode body) {}

  /** An answer other than 201. */
  record Refusal(int status, String message, @Nullable Integer retryAfter) {}

  private final BlockingQueue<Creation> creations = new LinkedBlockingQueue<>();
  private final BlockingQueue<FakeAttachment> attachments = new LinkedBlockingQueue<>();
  private final Queue<Refusal> refusals = new ConcurrentLinkedQueue<>();
  private final Queue<Refusal> attachRefusals = new ConcurrentLinkedQueue<>();
  private final WebServer server;
  private volatile boolean attachable = true;

  FakeController() {
    server =
        WebServer.builder()
            .address(InetAddress.getLoopbackAddress())
            .port(0)
            .shutdownHook(false)
            .addRouting(
                HttpRouting.builder()
                    .post(EXEC, this::create)
                    .get(EXEC + "/{session}", this::refuseAttachment))
            .addRouting(WsRouting.builder().endpoint(EXEC + "/{session}", Listener::new))
            .build()
            .start();
  }

  String url() {
    return "http://127.0.0.1:" + server.port();
  }

  /** The next request for a session is answered so. */
  void refuse(int status, String message, @Nullable Integer retryAfter) {
    refusals.add(new Refusal(status, message, retryAfter));
  }

  /** The next WebSocket is refused so. */
  void refuseAttachment(int status, String message) {
    attachRefusals.add(new Refusal(status, message, null));
  }

  /** From now on nobody can attach. */
  void refuseAttachments() {
    attachable = false;
  }

  Creation creation() throws InterruptedException {
    return taken(creations, "no session was asked for");
  }

  FakeAttachment attachment() throws InterruptedException {
    return taken(attachments, "nobody attached");
  }

  static <T> T taken(BlockingQueue<T> queue, String otherwise) throws InterruptedException {
    T taken = queue.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertThat(taken).as(otherwise).isNotNull();
    return Objects.requireNonNull(taken);
  }

  private void create(ServerRequest request, ServerResponse response)
      throws JsonProcessingException {
    JsonNode body = JSON.readTree(request.content().as(String.class));
    creations.add(
        new Creation(
            request.path().path(),
            request.query().rawValue(),
            request.headers().get(HeaderNames.AUTHORIZATION).get(),
            request.headers().get(HeaderNames.create("Prefer")).get(),
            body));
    Refusal refusal = refusals.poll();
    if (refusal == null) {
      response.status(201).send("{}");
    } else {
      answer(response, refusal);
    }
  }

  private void refuseAttachment(ServerRequest request, ServerResponse response) {
    Refusal refusal = attachRefusals.poll();
    answer(response, refusal == null ? new Refusal(503, "not now", null) : refusal);
  }

  private static void answer(ServerResponse response, Refusal refusal) {
    response.status(refusal.status());
    if (refusal.retryAfter() != null) {
      response.headers().set(HeaderNames.RETRY_AFTER, refusal.retryAfter().toString());
    }
    response.send(JSON.createObjectNode().put("message", refusal.message()).toString());
  }

  @Override
  public void close() {
    server.stop();
  }

  private final class Listener implements WsListener {
    private final StringBuilder text = new StringBuilder();
    private @Nullable FakeAttachment attachment;

    @Override
    public Optional<Headers> onHttpUpgrade(HttpPrologue prologue, Headers headers)
        throws WsUpgradeException {
      if (!attachable || !attachRefusals.isEmpty()) {
        throw new WsUpgradeException("refused");
      }
      attachment =
          new FakeAttachment(
              prologue.uriPath().path(),
              prologue.query().rawValue(),
              headers.get(HeaderNames.AUTHORIZATION).get());
      String offered = headers.get(SUBPROTOCOL).get();
      if (!offered.equals("v1.exec.orchard.dev")) {
        throw new WsUpgradeException("subprotocol " + offered);
      }
      WritableHeaders<?> answer = WritableHeaders.create();
      answer.set(SUBPROTOCOL, offered);
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

package dev.orchard.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Requests and WebSockets to one server, as one user. */
public final class Http implements AutoCloseable {
  /** For an answer that needs no waiting. */
  public static final Duration PATIENCE = Duration.ofSeconds(15);

  /** Lets in again whoever had it from the session itself. */
  private static final String TICKET = "Orchard-Ticket";

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

  /** A page of objects with the longest commands. */
  private static final int MAX_ANSWER_BYTES = 64 << 20;

  private static final int MAX_PROBLEM_BYTES = 64 << 10;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final ServerAddress address;
  private final Identity identity;
  private final IntFunction<String> meaning;
  private final HttpClient http;

  /**
   * Nothing is sent yet.
   *
   * @param meaning of a status for people, where the server says nothing itself
   */
  public Http(ServerAddress address, Identity identity, IntFunction<String> meaning) {
    this.address = address;
    this.identity = identity;
    this.meaning = meaning;
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            // HTTP/2 is of no use to one request and one WebSocket.
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT)
            .executor(Executors.newVirtualThreadPerTaskExecutor());
    Tls.context(address, identity).ifPresent(builder::sslContext);
    this.http = builder.build();
  }

  /** A request as this user. */
  public HttpRequest.Builder request(String path) {
    return untimed(path).timeout(PATIENCE);
  }

  private HttpRequest.Builder untimed(String path) {
    HttpRequest.Builder request = HttpRequest.newBuilder(address.http(path));
    identity.headers().forEach((name, values) -> values.forEach(v -> request.header(name, v)));
    return request;
  }

  /** A body for {@link #request}. */
  public static HttpRequest.BodyPublisher json(JsonNode body) {
    return HttpRequest.BodyPublishers.ofString(body.toString());
  }

  /** Done with the JSON of any good answer; with a missing node where there is none. */
  public Reply<JsonNode> send(HttpRequest request) throws InterruptedException {
    try {
      HttpResponse<String> response =
          http.send(
              request,
              HttpResponse.BodyHandlers.limiting(
                  HttpResponse.BodyHandlers.ofString(), MAX_ANSWER_BYTES));
      return response.statusCode() / 100 == 2
          ? new Reply.Done<>(JSON.readTree(response.body()))
          : refused(response, response.body());
    } catch (JsonProcessingException e) {
      return new Reply.Failed<>("the answer is no JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      return new Reply.Failed<>(reason(e));
    }
  }

  /** Opens a stream of a session's frames, both ways. */
  public Reply<SessionStream> attach(String path, Attachment how, SessionStream.Listener listener) {
    return webSocket(
            path + how.query(),
            Optional.of(SessionSocket.SUBPROTOCOL),
            how.ticket(),
            new SessionSocket(listener))
        .map(socket -> socket);
  }

  /**
   * Opens a stream that only reads.
   *
   * @param follow whether it goes on to the session's end, and not only to what there is now
   */
  public Reply<SessionStream> log(
      String path, Attachment how, boolean follow, SessionStream.Listener listener) {
    return stream("%s?from=%d&follow=%s".formatted(path, how.from(), follow), how.ticket())
        .map(body -> new LogStream(body, follow, listener));
  }

  /** A body that goes on and on; whoever gets it closes it. */
  private Reply<InputStream> stream(String path, String ticket) {
    HttpRequest.Builder request = untimed(path);
    if (!ticket.isEmpty()) {
      request.header(TICKET, ticket);
    }
    CompletableFuture<HttpResponse<InputStream>> answer =
        http.sendAsync(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    try {
      // Not by the request's own time limit, which may count the whole body.
      HttpResponse<InputStream> response = answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      if (response.statusCode() / 100 == 2) {
        return new Reply.Done<>(response.body());
      }
      try (InputStream body = response.body()) {
        return refused(
            response, new String(body.readNBytes(MAX_PROBLEM_BYTES), StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      return new Reply.Failed<>(reason(e));
    } catch (ExecutionException e) {
      return new Reply.Failed<>(reason(e.getCause() == null ? e : e.getCause()));
    } catch (TimeoutException e) {
      answer.cancel(true);
      return new Reply.Failed<>("no answer within %d s".formatted(PATIENCE.toSeconds()));
    } catch (InterruptedException e) {
      answer.cancel(true);
      Thread.currentThread().interrupt();
      return new Reply.Failed<>("interrupted");
    }
  }

  /** Opens a WebSocket. */
  public <L extends WebSocket.Listener> Reply<L> webSocket(String path, L listener) {
    return webSocket(path, Optional.empty(), "", listener);
  }

  private <L extends WebSocket.Listener> Reply<L> webSocket(
      String path, Optional<String> subprotocol, String ticket, L listener) {
    try {
      WebSocket.Builder builder = http.newWebSocketBuilder().connectTimeout(CONNECT_TIMEOUT);
      identity.headers().forEach((name, values) -> values.forEach(v -> builder.header(name, v)));
      if (!ticket.isEmpty()) {
        builder.header(TICKET, ticket);
      }
      subprotocol.ifPresent(builder::subprotocols);
      builder.buildAsync(address.webSocket(path), listener).join();
      return new Reply.Done<>(listener);
    } catch (CompletionException e) {
      if (e.getCause() instanceof WebSocketHandshakeException handshake) {
        return refused(handshake.getResponse(), handshake.getResponse().body());
      }
      return new Reply.Failed<>(reason(e.getCause() == null ? e : e.getCause()));
    }
  }

  private <T> Reply<T> refused(HttpResponse<?> response, @Nullable Object body) {
    return new Reply.Refused<>(
        response.statusCode(),
        problem(body).orElseGet(() -> meaning.apply(response.statusCode())),
        response
            .headers()
            .firstValue("Retry-After")
            .filter(value -> value.matches("\\d{1,5}"))
            .map(value -> Duration.ofSeconds(Long.parseLong(value))));
  }

  private static Optional<String> problem(@Nullable Object body) {
    if (!(body instanceof String text)) {
      return Optional.empty();
    }
    try {
      JsonNode problem = JSON.readTree(text);
      return Optional.of(problem.path("message").asText(problem.path("detail").asText("")))
          .filter(message -> !message.isEmpty());
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  private static String reason(Throwable failure) {
    String message = failure.getMessage();
    if (failure instanceof ConnectException) {
      return "no connection" + (message == null ? "" : ": " + message);
    }
    return message == null ? failure.getClass().getSimpleName() : message;
  }

  /** Ends every request and socket at once. */
  @Override
  public void close() {
    // A plain close(), or none at all, would hold the process for 310 ms.
    http.shutdownNow();
    try {
      http.awaitTermination(Duration.ofSeconds(1));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

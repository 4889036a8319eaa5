package dev.orchard.cli.controller;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.orchard.cli.kubeconfig.Credentials;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocketHandshakeException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** One controller, spoken to with one user's credentials. */
public final class Controller implements AutoCloseable {
  /** The WebSocket subprotocol: JSON frames of docs/protocol.md. */
  public static final String SUBPROTOCOL = "v1.exec.orchard.dev";

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

  /** Beyond the wait that it was asked for, for a controller to answer. */
  private static final Duration SLACK = Duration.ofSeconds(15);

  private static final int MAX_ANSWER_BYTES = 1 << 20;

  private final ControllerAddress address;
  private final Credentials credentials;
  private final HttpClient http;

  public Controller(ControllerAddress address, Credentials credentials) {
    this.address = address;
    this.credentials = credentials;
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            // HTTP/2 is of no use to one request and one WebSocket.
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT)
            .executor(Executors.newVirtualThreadPerTaskExecutor());
    address.certificateAuthority().ifPresent(pem -> builder.sslContext(Trust.only(pem)));
    this.http = builder.build();
  }

  /**
   * Creates a session that runs on unread. The same address with the same body may be sent again:
   * it stays one session.
   *
   * @param wait for the VM to be ready; the controller answers then, whichever way
   */
  public Reply<SessionAddress> create(SessionAddress session, byte[] body, Duration wait)
      throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(
                address.http(session.collection() + "?wait=" + wait.plusMillis(999).toSeconds()))
            .header("Authorization", credentials.authorization())
            .header("Content-Type", "application/json")
            .header("Prefer", "respond-async")
            .timeout(wait.plus(SLACK))
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build();
    try {
      HttpResponse<String> response =
          http.send(
              request,
              HttpResponse.BodyHandlers.limiting(
                  HttpResponse.BodyHandlers.ofString(), MAX_ANSWER_BYTES));
      return response.statusCode() == 201 ? new Reply.Done<>(session) : refused(response);
    } catch (IOException e) {
      return new Reply.Failed<>(reason(e));
    }
  }

  /**
   * Opens a socket that may write to the session.
   *
   * @param from offset of the first byte of output to send
   * @param again whether an earlier socket may still be taken for the one that writes
   */
  public Reply<SessionSocket> attach(
      SessionAddress session, long from, boolean again, SessionSocket.Listener listener) {
    SessionSocket socket = new SessionSocket(listener);
    String query = "?interactive=true&from=" + from + (again ? "&takeover=true" : "");
    try {
      http.newWebSocketBuilder()
          .header("Authorization", credentials.authorization())
          .subprotocols(SUBPROTOCOL)
          .connectTimeout(CONNECT_TIMEOUT)
          .buildAsync(address.webSocket(session.path() + query), socket)
          .join();
      return new Reply.Done<>(socket);
    } catch (CompletionException e) {
      if (e.getCause() instanceof WebSocketHandshakeException handshake) {
        return refused(handshake.getResponse());
      }
      return new Reply.Failed<>(reason(e.getCause() == null ? e : e.getCause()));
    }
  }

  private static <T> Reply<T> refused(HttpResponse<?> response) {
    return new Reply.Refused<>(
        response.statusCode(),
        problem(response.body()).orElseGet(() -> meaning(response.statusCode())),
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
      JsonNode problem = new ObjectMapper().readTree(text);
      return Optional.of(problem.path("message").asText(problem.path("detail").asText("")))
          .filter(message -> !message.isEmpty());
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }

  private static String meaning(int status) {
    return switch (status) {
      case 401 -> "the controller does not take these credentials";
      case 403 -> "the controller does not allow it to this user";
      case 404 -> "the controller does not know it";
      default -> "the controller answered with HTTP status " + status;
    };
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

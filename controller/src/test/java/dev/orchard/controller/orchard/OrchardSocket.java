package dev.orchard.controller.orchard;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orchard.controller.Fixture;
import java.net.URI;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A client of Orchard's exec WebSocket. */
final class OrchardSocket implements WebSocket.Listener, AutoCloseable {
  private static final int PATIENCE_SECONDS = 10;

  private final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
  private final CompletableFuture<Integer> closed = new CompletableFuture<>();
  private final StringBuilder parts = new StringBuilder();

  @SuppressWarnings("NullAway.Init")
  private WebSocket socket;

  private OrchardSocket() {}

  /** Opened on another thread, while the worker plays its part. */
  static CompletableFuture<OrchardSocket> opening(Fixture fixture, String path, String token) {
    OrchardSocket listener = new OrchardSocket();
    return fixture
        .http
        .newWebSocketBuilder()
        .header("Authorization", "Bearer " + token)
        .buildAsync(URI.create(fixture.uri(path).toString().replace("https", "wss")), listener)
        .thenApply(opened -> {
          listener.socket = opened;
          return listener;
        });
  }

  /** The status of a refusal. */
  static String refusal(Fixture fixture, String path, String token) {
    try (OrchardSocket _ = opening(fixture, path, token).join()) {
      return "opened";
    } catch (CompletionException e) {
      if (e.getCause() instanceof WebSocketHandshakeException refused) {
        return refused.getResponse().statusCode() + "";
      }
      throw e;
    }
  }

  JsonNode take() throws Exception {
    String message = messages.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (message == null) {
      throw new AssertionError("no message came");
    }
    return Fixture.JSON.readTree(message);
  }

  boolean hasMessage() {
    return !messages.isEmpty();
  }

  void say(String message) {
    socket.sendText(message, true).join();
  }

  void stdin(String text) {
    say(
        "{\"type\":\"stdin\",\"data\":\"%s\"}"
            .formatted(Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8))));
  }

  void binary(byte[] data) {
    socket.sendBinary(java.nio.ByteBuffer.wrap(data), true).join();
  }

  /** Its code; 1006 if there was none: the connection was cut. */
  int closeCode() throws Exception {
    return closed.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  boolean isOpen() {
    return !closed.isDone();
  }

  static String text(JsonNode message) {
    return new String(
        Base64.getDecoder().decode(message.path("data").asText()), StandardCharsets.UTF_8);
  }

  @Override
  public @Nullable CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
    parts.append(data);
    if (last) {
      messages.add(parts.toString());
      parts.setLength(0);
    }
    webSocket.request(1);
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onClose(WebSocket webSocket, int status, String reason) {
    closed.complete(status);
    return null;
  }

  @Override
  public void onError(WebSocket webSocket, Throwable error) {
    closed.complete(1006);
  }

  @Override
  public void close() {
    if (!socket.isOutputClosed()) {
      socket.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
    }
  }
}

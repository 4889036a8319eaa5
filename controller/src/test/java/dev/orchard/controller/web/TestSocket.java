package dev.orchard.controller.web;

import com.fasterxml.jackson.databind.JsonNode;
import dev.orchard.controller.Fixture;
import dev.orchard.exec.frame.Frame;
import java.io.IOException;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A WebSocket client that keeps what comes. */
final class TestSocket implements WebSocket.Listener {
  private static final int PATIENCE_SECONDS = 10;

  private final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
  private final CompletableFuture<Integer> closed = new CompletableFuture<>();
  private final CompletableFuture<ByteBuffer> pong = new CompletableFuture<>();
  private final CompletableFuture<ByteBuffer> ping = new CompletableFuture<>();
  private final StringBuilder parts = new StringBuilder();

  @SuppressWarnings("NullAway.Init")
  WebSocket socket;

  /** Opens a socket, with a token unless it is empty, or returns the status it was refused with. */
  static Object open(Fixture fixture, String path, String token, String... headers) {
    TestSocket listener = new TestSocket();
    WebSocket.Builder builder =
        fixture.http.newWebSocketBuilder().subprotocols(ExecSocket.SUBPROTOCOL);
    if (!token.isEmpty()) {
      builder.header("Authorization", "Bearer " + token);
    }
    for (int i = 0; i < headers.length; i += 2) {
      builder.header(headers[i], headers[i + 1]);
    }
    try {
      listener.socket =
          builder
              .buildAsync(
                  java.net.URI.create(fixture.uri(path).toString().replace("https", "wss")),
                  listener)
              .join();
      return listener;
    } catch (CompletionException e) {
      if (e.getCause() instanceof WebSocketHandshakeException refused) {
        return refused.getResponse().statusCode();
      }
      throw e;
    }
  }

  JsonNode take() throws InterruptedException, IOException {
    String message = messages.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (message == null) {
      throw new AssertionError("no message came");
    }
    return Fixture.JSON.readTree(message);
  }

  void send(Frame.In frame) {
    text(Fixture.text(frame));
  }

  void text(String message) {
    socket.sendText(message, true).join();
  }

  int closeCode() throws Exception {
    return closed.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  ByteBuffer pong() throws Exception {
    return pong.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  ByteBuffer ping() throws Exception {
    return ping.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
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
  public @Nullable CompletionStage<?> onPong(WebSocket webSocket, ByteBuffer message) {
    pong.complete(message);
    webSocket.request(1);
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onPing(WebSocket webSocket, ByteBuffer message) {
    ping.complete(message);
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
    closed.completeExceptionally(error);
  }
}

package dev.orchard.controller.forward;

import com.google.protobuf.ByteString;
import dev.orchard.controller.Fixture;
import java.net.URI;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A client of a forwarded port that reads a message only when it is asked to. */
final class RawSocket implements WebSocket.Listener {
  private static final int PATIENCE_SECONDS = 30;

  /** How a socket ended. */
  record Closed(int code, String reason) {}

  private final LinkedBlockingQueue<ByteString> messages = new LinkedBlockingQueue<>();
  private final CompletableFuture<Closed> closed = new CompletableFuture<>();
  private final CompletableFuture<Boolean> pinged = new CompletableFuture<>();

  @SuppressWarnings("NullAway.Init")
  private WebSocket socket;

  private RawSocket() {}

  static CompletableFuture<RawSocket> open(Fixture fixture, String path, String token) {
    RawSocket listener = new RawSocket();
    return fixture
        .http
        .newWebSocketBuilder()
        .header("Authorization", "Bearer " + token)
        .buildAsync(URI.create(fixture.uri(path).toString().replace("https", "wss")), listener)
        .thenApply(socket -> {
          listener.socket = socket;
          return listener;
        });
  }

  /** The answer to an upgrade that is refused. */
  static HttpResponse<?> refused(CompletableFuture<RawSocket> opening) {
    try {
      opening.join();
      throw new AssertionError("the socket was opened");
    } catch (CompletionException e) {
      if (e.getCause() instanceof WebSocketHandshakeException refusal) {
        return refusal.getResponse();
      }
      throw e;
    }
  }

  void send(byte[] bytes) {
    socket.sendBinary(ByteBuffer.wrap(bytes), true).join();
  }

  void sendText(String text) {
    socket.sendText(text, true).join();
  }

  void close() {
    socket.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
    socket.request(1);
  }

  ByteString take() throws InterruptedException {
    socket.request(1);
    ByteString message = messages.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (message == null) {
      throw new AssertionError("no message came");
    }
    return message;
  }

  Closed closed() throws Exception {
    socket.request(Long.MAX_VALUE);
    return closed.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  void awaitPing() throws Exception {
    socket.request(1);
    assert pinged.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public void onOpen(WebSocket opened) {}

  @Override
  public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
    messages.add(ByteString.copyFrom(data));
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onPing(WebSocket from, ByteBuffer message) {
    pinged.complete(true);
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
    closed.complete(new Closed(code, reason));
    return null;
  }

  @Override
  public void onError(WebSocket from, Throwable error) {
    closed.completeExceptionally(error);
  }
}

package dev.orchard.it;

import static java.util.Objects.requireNonNull;

import java.io.ByteArrayOutputStream;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A connection to a port of a VM over its WebSocket; what comes is kept until it ends. */
final class PortSocket implements WebSocket.Listener {
  private static final long PATIENCE_SECONDS = 180;
  private static final int MESSAGE_BYTES = 32 << 10;

  private final ByteArrayOutputStream received = new ByteArrayOutputStream();
  private final CompletableFuture<Integer> closed = new CompletableFuture<>();
  private @Nullable WebSocket socket;
  private volatile long wanted;
  private volatile CompletableFuture<byte[]> enough = new CompletableFuture<>();

  PortSocket connected(WebSocket opened) {
    socket = opened;
    return this;
  }

  void send(byte[] bytes) {
    for (int at = 0; at < bytes.length; at += MESSAGE_BYTES) {
      int count = Math.min(MESSAGE_BYTES, bytes.length - at);
      requireNonNull(socket).sendBinary(ByteBuffer.wrap(bytes, at, count), true).join();
    }
  }

  /** Ends our half. */
  void end() {
    requireNonNull(socket).sendBinary(ByteBuffer.allocate(0), true).join();
  }

  /** The first bytes that come, as many as are wanted. */
  byte[] first(int bytes) throws Exception {
    wanted = bytes;
    check();
    return enough.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private synchronized void check() {
    if (wanted > 0 && received.size() >= wanted) {
      enough.complete(received.toByteArray());
    }
  }

  /** All that came, when the program has ended the connection. */
  byte[] all() throws Exception {
    int code = closed.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (code != WebSocket.NORMAL_CLOSURE) {
      throw new AssertionError("closed with " + code);
    }
    return received.toByteArray();
  }

  void close() {
    requireNonNull(socket).sendClose(WebSocket.NORMAL_CLOSURE, "").join();
  }

  @Override
  public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
    byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    received.writeBytes(bytes);
    check();
    from.request(1);
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
    closed.complete(code);
    return null;
  }

  @Override
  public void onError(WebSocket from, Throwable error) {
    closed.completeExceptionally(error);
  }
}

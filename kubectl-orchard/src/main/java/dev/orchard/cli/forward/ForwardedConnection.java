package dev.orchard.cli.forward;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One TCP connection, as binary messages of a WebSocket. An empty message ends our half; the
 * program's half ends with the socket. Each side is read only as fast as the other takes it.
 */
final class ForwardedConnection implements WebSocket.Listener {
  private static final int MAX_MESSAGE_BYTES = 24_000;

  private final Socket local;
  private final WritableByteChannel toLocal;
  private final CompletableFuture<String> ended = new CompletableFuture<>();
  private volatile @Nullable WebSocket remote;

  ForwardedConnection(Socket local) throws IOException {
    this.local = local;
    this.toLocal = Channels.newChannel(local.getOutputStream());
  }

  @Override
  public void onOpen(WebSocket webSocket) {
    remote = webSocket;
    webSocket.request(1);
  }

  @Override
  public @Nullable CompletionStage<?> onBinary(WebSocket webSocket, ByteBuffer data, boolean last) {
    try {
      while (data.hasRemaining()) {
        toLocal.write(data);
      }
      webSocket.request(1);
    } catch (IOException e) {
      ended.complete("");
    }
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onClose(WebSocket webSocket, int status, String reason) {
    ended.complete(status == WebSocket.NORMAL_CLOSURE ? "" : reason);
    return null;
  }

  @Override
  public void onError(WebSocket webSocket, Throwable failure) {
    ended.complete("the connection broke: " + failure.getMessage());
  }

  /** Until both halves have ended; what went wrong, or nothing. The local socket stays open. */
  String relay() {
    WebSocket open = remote;
    if (open == null) {
      throw new IllegalStateException("the socket is not open yet");
    }
    Thread.ofVirtual().name("forward").start(() -> send(open));
    String why = ended.join();
    open.abort();
    return why;
  }

  private void send(WebSocket open) {
    byte[] buffer = new byte[MAX_MESSAGE_BYTES];
    try {
      InputStream in = local.getInputStream();
      int count = in.read(buffer);
      while (count >= 0) {
        open.sendBinary(ByteBuffer.wrap(buffer, 0, count), true).join();
        count = in.read(buffer);
      }
      open.sendBinary(ByteBuffer.allocate(0), true).join();
    } catch (IOException e) {
      // Reset by whoever connected, or closed by us.
      ended.complete("");
    } catch (CompletionException e) {
      ended.complete("the connection broke");
    }
  }
}

package dev.orchard.worker.road;

import com.google.protobuf.ByteString;
import dev.orchard.exec.socket.MessageSocket;
import dev.orchard.exec.socket.Wire;
import java.io.IOException;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A client's WebSocket; no write may take longer than the other side may be silent. */
final class JdkWire implements Wire {
  private final WebSocket socket;
  private final Duration silence;

  JdkWire(WebSocket socket, Duration silence) {
    this.socket = socket;
    this.silence = silence;
  }

  private void await(CompletableFuture<WebSocket> write) throws IOException, InterruptedException {
    try {
      write.get(silence.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new IOException(e.getCause() == null ? e : e.getCause());
    } catch (TimeoutException e) {
      throw new IOException("nothing was taken for %d s".formatted(silence.toSeconds()), e);
    }
  }

  @Override
  public void binary(ByteString message) throws IOException, InterruptedException {
    await(socket.sendBinary(message.asReadOnlyByteBuffer(), true));
  }

  @Override
  public void text(String message) throws IOException, InterruptedException {
    await(socket.sendText(message, true));
  }

  @Override
  public void ping() throws IOException, InterruptedException {
    await(socket.sendPing(ByteBuffer.allocate(0)));
  }

  @Override
  public void pong(ByteString payload) throws IOException, InterruptedException {
    await(socket.sendPong(payload.asReadOnlyByteBuffer()));
  }

  @Override
  public void close(int code, String reason) throws IOException, InterruptedException {
    await(socket.sendClose(code, reason));
  }

  @Override
  public void abort() {
    socket.abort();
  }

  /** Asks for one thing after another: nothing that comes is ever left lying. */
  static final class Listener implements WebSocket.Listener {
    private final CompletableFuture<MessageSocket> messages = new CompletableFuture<>();

    /** Lets the first thing come. */
    void start(WebSocket opened, MessageSocket receiving) {
      messages.complete(receiving);
      opened.request(1);
    }

    @Override
    public void onOpen(WebSocket from) {}

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
      messages.join().binary(ByteString.copyFrom(data), last);
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      messages.join().text(data.toString());
      from.request(1);
      return null;
    }

    /** The client answers it by itself. */
    @Override
    public @Nullable CompletionStage<?> onPing(WebSocket from, ByteBuffer message) {
      messages.join().heard();
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onPong(WebSocket from, ByteBuffer message) {
      messages.join().heard();
      from.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      messages.join().closed(code, reason);
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable failure) {
      var _ = messages.thenAccept(socket -> socket.over("the socket broke: " + failure));
    }
  }
}

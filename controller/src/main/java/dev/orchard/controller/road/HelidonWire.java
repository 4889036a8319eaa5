package dev.orchard.controller.road;

import com.google.protobuf.ByteString;
import dev.orchard.controller.session.WriteDeadline;
import dev.orchard.exec.socket.Wire;
import io.helidon.common.buffers.BufferData;
import io.helidon.websocket.WsSession;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A server's WebSocket; no write may take longer than the deadline. */
final class HelidonWire implements Wire {
  private final WsSession session;
  private final Thread reader;
  private final WriteDeadline deadline;
  private WriteDeadline.@Nullable Guard guard;

  /**
   * @param reader the socket's reading thread, which an interrupt alone frees
   */
  HelidonWire(WsSession session, Thread reader, WriteDeadline deadline) {
    this.session = session;
    this.reader = reader;
    this.deadline = deadline;
  }

  private void write(WriteDeadline.Write write) throws IOException {
    if (guard == null) {
      // Here, since it is the writing thread's.
      guard = deadline.guard();
    }
    guard.write(write);
  }

  @Override
  public void binary(ByteString message) throws IOException {
    write(() -> session.send(BufferData.create(message.toByteArray()), true));
  }

  @Override
  public void text(String message) throws IOException {
    write(() -> session.send(message, true));
  }

  @Override
  public void ping() throws IOException {
    write(() -> session.ping(BufferData.empty()));
  }

  @Override
  public void pong(ByteString payload) throws IOException {
    write(() -> session.pong(BufferData.create(payload.toByteArray())));
  }

  @Override
  public void close(int code, String reason) throws IOException {
    write(() -> session.close(code, reason));
  }

  @Override
  public void abort() {
    if (guard != null) {
      guard.close();
    }
    reader.interrupt();
  }
}

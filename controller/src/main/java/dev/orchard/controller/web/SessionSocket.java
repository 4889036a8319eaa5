package dev.orchard.controller.web;

import com.google.protobuf.ByteString;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.SocketCodec;
import dev.orchard.controller.session.SocketRelay;
import io.helidon.common.buffers.BufferData;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.http.WritableHeaders;
import io.helidon.websocket.WsListener;
import io.helidon.websocket.WsSession;
import io.helidon.websocket.WsUpgradeException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Helidon's side of one WebSocket of a session, whatever its dialect. Helidon makes one for each
 * upgrade and calls it by one thread.
 */
public final class SessionSocket implements WsListener {
  public static final HeaderName PROTOCOLS = HeaderNames.create("Sec-WebSocket-Protocol");

  /** What opens sockets of one kind. */
  public interface Opening {
    /**
     * Returns once a session stands behind the socket.
     *
     * @throws ApiException is the answer instead of 101
     */
    Opened open(HttpPrologue prologue, Headers headers) throws InterruptedException;
  }

  /**
   * A socket that is accepted.
   *
   * @param relay not started
   * @param headers of the answer, such as the chosen subprotocol
   */
  public record Opened(SocketRelay relay, WritableHeaders<?> headers) {}

  /** Empty ones cost a client next to nothing. */
  private static final int MAX_FRAGMENTS = 256;

  private final Opening opening;
  private final StringBuilder message = new StringBuilder();
  private int fragments;
  private @Nullable SocketRelay relay;

  public SessionSocket(Opening opening) {
    this.opening = opening;
  }

  /** The subprotocols that a client offers. */
  public static List<String> offered(Headers headers) {
    return Requests.list(headers, PROTOCOLS);
  }

  @Override
  public Optional<Headers> onHttpUpgrade(HttpPrologue prologue, Headers headers)
      throws WsUpgradeException {
    try {
      Opened opened = opening.open(prologue, headers);
      opened.relay.start();
      relay = opened.relay;
      return Optional.of(opened.headers);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new WsUpgradeException("interrupted");
    }
  }

  @Override
  public void onOpen(WsSession session) {
    Thread reader = Thread.currentThread();
    quietly(accepted -> accepted.opened(new HelidonSocket(session, reader)));
  }

  @Override
  public void onMessage(WsSession session, String text, boolean last) {
    quietly(accepted -> {
      fragments++;
      if (message.length() + text.length() > accepted.maxText() || fragments > MAX_FRAGMENTS) {
        message.setLength(0);
        accepted.tooLong();
        return;
      }
      message.append(text);
      if (last) {
        String whole = message.toString();
        message.setLength(0);
        fragments = 0;
        accepted.text(whole);
      }
    });
  }

  @Override
  public void onMessage(WsSession session, BufferData buffer, boolean last) {
    ByteString part = ByteString.copyFrom(buffer.readBytes());
    quietly(accepted -> accepted.binary(part, last));
  }

  @Override
  public void onPing(WsSession session, BufferData buffer) {
    byte[] payload = buffer.readBytes();
    quietly(accepted -> accepted.pinged(payload));
  }

  @Override
  public void onPong(WsSession session, BufferData buffer) {
    quietly(SocketRelay::heard);
  }

  @Override
  public void onClose(WsSession session, int status, String reason) {
    quietly(SocketRelay::closed);
  }

  @Override
  public void onError(WsSession session, Throwable failure) {
    quietly(SocketRelay::closed);
  }

  private interface Call {
    void on(SocketRelay relay) throws InterruptedException;
  }

  private void quietly(Call call) {
    SocketRelay accepted = relay;
    if (accepted == null) {
      return;
    }
    try {
      call.on(accepted);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private record HelidonSocket(WsSession session, Thread reader) implements SocketRelay.Socket {
    @Override
    public void send(SocketCodec.Message message) {
      switch (message) {
        case SocketCodec.Text(String text) -> session.send(text, true);
        case SocketCodec.Binary(ByteString data) ->
            session.send(BufferData.create(data.toByteArray()), true);
      }
    }

    @Override
    public void ping() {
      session.ping(BufferData.empty());
    }

    @Override
    public void pong(byte[] payload) {
      session.pong(BufferData.create(payload));
    }

    @Override
    public void close(int code, String reason) {
      session.close(code, reason);
    }

    @Override
    public void abort() {
      reader.interrupt();
    }
  }
}

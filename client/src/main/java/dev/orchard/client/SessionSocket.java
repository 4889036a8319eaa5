package dev.orchard.client;

import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.InvalidFrameException;
import dev.orchard.exec.frame.JsonFrames;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A WebSocket of frames as JSON, one each message, both ways. */
final class SessionSocket implements SessionStream, WebSocket.Listener {
  /** The subprotocol: JSON frames of docs/protocol.md. */
  static final String SUBPROTOCOL = "v1.exec.orchard.dev";

  private final SessionStream.Listener listener;
  private final StringBuilder text = new StringBuilder();
  private volatile @Nullable WebSocket socket;

  SessionSocket(SessionStream.Listener listener) {
    this.listener = listener;
  }

  @Override
  public void receive() {
    open().request(UNCONSUMED);
  }

  @Override
  public void send(Frame.In frame) {
    String json = new String(JsonFrames.encode(frame), StandardCharsets.UTF_8);
    var _ = open().sendText(json, true).whenComplete((_, failure) -> afterSend(failure));
  }

  private void afterSend(@Nullable Throwable failure) {
    if (failure == null) {
      listener.sent();
    } else {
      listener.closed("cannot send: " + failure.getMessage());
    }
  }

  @Override
  public void consumed() {
    open().request(1);
  }

  @Override
  public void close() {
    var _ = open().sendClose(WebSocket.NORMAL_CLOSURE, "");
  }

  @Override
  public void abort() {
    open().abort();
  }

  private WebSocket open() {
    WebSocket opened = socket;
    if (opened == null) {
      throw new IllegalStateException("the socket is not open yet");
    }
    return opened;
  }

  @Override
  public void onOpen(WebSocket webSocket) {
    socket = webSocket;
  }

  @Override
  public @Nullable CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
    text.append(data);
    if (text.length() > JsonFrames.MAX_BYTES) {
      listener.broken("a frame of more than " + JsonFrames.MAX_BYTES + " bytes");
      return null;
    }
    if (!last) {
      webSocket.request(1);
      return null;
    }
    byte[] json = text.toString().getBytes(StandardCharsets.UTF_8);
    text.setLength(0);
    try {
      listener.received(JsonFrames.decodeOut(json));
    } catch (InvalidFrameException e) {
      listener.broken(String.valueOf(e.getMessage()));
    }
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onClose(WebSocket webSocket, int status, String reason) {
    listener.closed("closed with " + status + (reason.isEmpty() ? "" : " " + reason));
    return null;
  }

  @Override
  public void onError(WebSocket webSocket, Throwable failure) {
    String message = failure.getMessage();
    listener.closed(message == null ? failure.getClass().getSimpleName() : message);
  }
}

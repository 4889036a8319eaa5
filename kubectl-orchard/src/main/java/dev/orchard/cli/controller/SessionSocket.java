package dev.orchard.cli.controller;

import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.InvalidFrameException;
import dev.orchard.exec.frame.JsonFrames;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One WebSocket to a session. At most {@link #UNCONSUMED} frames arrive before {@link #consumed} is
 * called for them, and one frame is sent at a time: the next after {@link Listener#sent}.
 */
public final class SessionSocket implements WebSocket.Listener {
  /** Frames of 24,000 bytes that may wait here: room for 384 kB of output. */
  static final int UNCONSUMED = 16;

  /** Called on the HTTP client's threads, one call at a time; must not block. */
  public interface Listener {
    void received(Frame.Out frame);

    /** The frame given to {@link SessionSocket#send} is on its way. */
    void sent();

    /** No more calls follow. */
    void closed(String why);

    /** The other end broke the protocol, as it would on the next connection too. */
    void broken(String why);
  }

  private final Listener listener;
  private final StringBuilder text = new StringBuilder();
  private volatile @Nullable WebSocket socket;

  SessionSocket(Listener listener) {
    this.listener = listener;
  }

  /** Lets frames arrive: none does before its reader knows of the socket. */
  public void receive() {
    open().request(UNCONSUMED);
  }

  /** Sends a frame; not again before {@link Listener#sent}. */
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

  /** One frame more may arrive. */
  public void consumed() {
    open().request(1);
  }

  /** Says goodbye; where the other end does too, {@link Listener#closed} follows. */
  public void close() {
    var _ = open().sendClose(WebSocket.NORMAL_CLOSURE, "");
  }

  /** Drops the connection as it is. */
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

package dev.orchard.controller.road;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import dev.orchard.controller.session.WriteDeadline;
import dev.orchard.controller.web.SessionSocket;
import dev.orchard.controller.worker.StreamEnd;
import dev.orchard.controller.worker.StreamReceiver;
import dev.orchard.controller.worker.WorkerStream;
import dev.orchard.exec.socket.CloseCode;
import dev.orchard.exec.socket.MessageSocket;
import dev.orchard.exec.socket.Receiver;
import io.helidon.common.buffers.BufferData;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.http.WritableHeaders;
import io.helidon.websocket.WsListener;
import io.helidon.websocket.WsSession;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One stream of a worker as a WebSocket: {@code Q} comes, {@code A} goes. Helidon makes one for
 * each upgrade and calls it by one thread.
 */
final class WorkerSocket<Q, A extends MessageLite> implements WsListener {
  static final String SUBPROTOCOL = "v1.worker.orchard.dev";

  /**
   * What all sockets share.
   *
   * @param heartbeat workers are pinged as often
   * @param silence of a worker, after which its socket is dead
   */
  record Shared(WriteDeadline deadline, Duration heartbeat, Duration silence) {}

  /** What is behind a socket. */
  interface Opening<Q, A> {
    /** Refuses, or says who receives what comes. */
    Function<WorkerStream<A>, StreamReceiver<Q>> open(Headers headers);
  }

  private final Shared shared;
  private final Parser<Q> parser;
  private final Opening<Q, A> opening;
  private @Nullable Function<WorkerStream<A>, StreamReceiver<Q>> owner;
  private @Nullable MessageSocket socket;

  WorkerSocket(Shared shared, Parser<Q> parser, Opening<Q, A> opening) {
    this.shared = shared;
    this.parser = parser;
    this.opening = opening;
  }

  @Override
  public Optional<Headers> onHttpUpgrade(HttpPrologue prologue, Headers headers) {
    owner = opening.open(headers);
    WritableHeaders<?> answer = WritableHeaders.create();
    answer.set(SessionSocket.PROTOCOLS, SUBPROTOCOL);
    return Optional.of(answer);
  }

  @Override
  public void onOpen(WsSession session) {
    if (owner == null) {
      throw new IllegalStateException("opened before its upgrade");
    }
    Stream stream = new Stream();
    MessageSocket opened =
        new MessageSocket(
            "worker-socket",
            new HelidonWire(session, Thread.currentThread(), shared.deadline),
            stream,
            shared.heartbeat,
            shared.silence);
    stream.socket = opened;
    stream.receiver = owner.apply(stream);
    socket = opened;
    opened.request(1);
    opened.start();
  }

  @Override
  public void onMessage(WsSession session, BufferData buffer, boolean last) {
    if (socket != null) {
      socket.binary(ByteString.copyFrom(buffer.readBytes()), last);
    }
  }

  @Override
  public void onMessage(WsSession session, String text, boolean last) {
    if (socket != null) {
      socket.text(text);
    }
  }

  @Override
  public void onPing(WsSession session, BufferData buffer) {
    if (socket != null) {
      socket.pinged(ByteString.copyFrom(buffer.readBytes()));
    }
  }

  @Override
  public void onPong(WsSession session, BufferData buffer) {
    if (socket != null) {
      socket.heard();
    }
  }

  @Override
  public void onClose(WsSession session, int status, String reason) {
    if (socket != null) {
      socket.closed(status, reason);
    }
  }

  @Override
  public void onError(WsSession session, Throwable failure) {
    if (socket != null) {
      socket.over("the worker's socket broke");
    }
  }

  /** The socket as its owner knows it. */
  private final class Stream implements WorkerStream<A>, Receiver {
    private StreamReceiver<Q> receiver;
    private MessageSocket socket;

    @SuppressWarnings("NullAway.Init")
    Stream() {}

    @Override
    public void request() {
      socket.request(1);
    }

    @Override
    public boolean send(A message, Duration patience) throws InterruptedException {
      return socket.send(message.toByteString(), patience);
    }

    @Override
    public void complete() {
      socket.complete();
    }

    @Override
    public void fail(StreamEnd reason) {
      int code =
          switch (reason.kind()) {
            case INVALID, UNAUTHENTICATED, FORBIDDEN -> CloseCode.POLICY;
            case NOT_FOUND, OVERLOADED, SILENT, SUPERSEDED -> CloseCode.FAILURE;
            case UNAVAILABLE -> CloseCode.GOING_AWAY;
          };
      socket.fail(code, reason.why());
    }

    @Override
    public void received(ByteString message) {
      Q parsed;
      try {
        parsed = parser.parseFrom(message);
      } catch (InvalidProtocolBufferException e) {
        fail(new StreamEnd(StreamEnd.Kind.INVALID, "a binary message is no message of ours"));
        return;
      }
      receiver.received(parsed);
    }

    @Override
    public void ended(@Nullable String failure) {
      receiver.ended(failure);
      if (failure == null) {
        socket.complete();
      }
    }
  }
}

package dev.orchard.exec.link;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A call that the guest serves. */
final class LinkServerCall<Q, R> extends ServerCall<Q, R> implements LinkConnection.Call {
  private static final Logger LOG = LoggerFactory.getLogger(LinkServerCall.class);

  private final LinkConnection connection;
  private final LinkStream stream;
  private final MethodDescriptor<Q, R> method;
  private final ServerCallHandler<Q, R> handler;
  private final SerialExecutor callbacks =
      new SerialExecutor(task -> Thread.ofVirtual().name("link-call").start(task));

  // Used by callbacks alone. Null until the handler has started, and again once it has failed.
  private @Nullable Listener<Q> listener;

  LinkServerCall(
      LinkConnection connection,
      LinkStream stream,
      MethodDescriptor<Q, R> method,
      ServerCallHandler<Q, R> handler) {
    this.connection = connection;
    this.stream = stream;
    this.method = method;
    this.handler = handler;
  }

  @Override
  public MethodDescriptor<Q, R> getMethodDescriptor() {
    return method;
  }

  @Override
  public boolean isReady() {
    return connection.ask(link -> link.isReady(stream));
  }

  @Override
  public boolean isCancelled() {
    return stream.cancelled();
  }

  @Override
  public void request(int messages) {
    connection.step(link -> link.request(stream, messages));
  }

  /** The link carries no metadata. */
  @Override
  public void sendHeaders(Metadata headers) {}

  @Override
  public void sendMessage(R message) {
    var bytes = MessageBytes.fromStream(method.streamResponse(message));
    connection.step(link -> link.send(stream, bytes));
  }

  @Override
  public void close(Status status, Metadata trailers) {
    connection.step(link -> link.close(stream, status));
  }

  @Override
  public SerialExecutor callbacks() {
    return callbacks;
  }

  @Override
  public void handle(LinkEvent event) {
    try {
      if (event instanceof LinkEvent.Opened) {
        listener = handler.startCall(this, new Metadata());
      } else if (listener != null) {
        tell(listener, event);
      }
    } catch (RuntimeException e) {
      listener = null;
      LOG.error("the service failed method={}", method.getFullMethodName(), e);
      close(Status.UNKNOWN.withDescription("the service failed: " + e), new Metadata());
    }
  }

  private void tell(Listener<Q> target, LinkEvent event) {
    switch (event) {
      case LinkEvent.Ready _ -> target.onReady();
      case LinkEvent.Message(_, var bytes) ->
          target.onMessage(method.parseRequest(MessageBytes.toStream(bytes)));
      case LinkEvent.HalfClosed _ -> target.onHalfClose();
      case LinkEvent.Closed(_, Status status) -> {
        if (status.isOk()) {
          target.onComplete();
        } else {
          target.onCancel();
        }
      }
      case LinkEvent.Opened _ -> {}
    }
  }
}

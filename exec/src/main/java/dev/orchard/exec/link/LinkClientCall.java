package dev.orchard.exec.link;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A call that the host makes. */
final class LinkClientCall<Q, R> extends ClientCall<Q, R> implements LinkConnection.Call {
  private static final Executor VIRTUAL_THREADS =
      task -> Thread.ofVirtual().name("link-call").start(task);

  private final LinkConnection connection;
  private final MethodDescriptor<Q, R> method;
  private final CallOptions options;
  private final SerialExecutor callbacks;

  private volatile @Nullable LinkStream stream;
  // Set before the first callback, used by callbacks alone.
  private @Nullable Listener<R> listener;
  private boolean headersSaid;
  private boolean failed;

  LinkClientCall(LinkConnection connection, MethodDescriptor<Q, R> method, CallOptions options) {
    this.connection = connection;
    this.method = method;
    this.options = options;
    this.callbacks =
        new SerialExecutor(Optional.ofNullable(options.getExecutor()).orElse(VIRTUAL_THREADS));
  }

  @Override
  public void start(Listener<R> listener, Metadata headers) {
    if (this.listener != null) {
      throw new IllegalStateException("already started");
    }
    this.listener = listener;
    connection.open(
        this,
        opened -> stream = opened,
        method.getFullMethodName(),
        timeoutNanos(),
        options.isWaitForReady());
  }

  private long timeoutNanos() {
    return Stream.of(
            Optional.ofNullable(options.getDeadline()),
            Optional.ofNullable(Context.current().getDeadline()))
        .flatMap(Optional::stream)
        .min(Deadline::compareTo)
        .map(deadline -> deadline.timeRemaining(TimeUnit.NANOSECONDS))
        .orElse(Long.MAX_VALUE);
  }

  private LinkStream stream() {
    LinkStream opened = stream;
    if (opened == null) {
      throw new IllegalStateException("not started");
    }
    return opened;
  }

  @Override
  public boolean isReady() {
    LinkStream opened = stream;
    return opened != null && connection.ask(link -> link.isReady(opened));
  }

  @Override
  public void request(int messages) {
    LinkStream opened = stream();
    connection.step(link -> link.request(opened, messages));
  }

  @Override
  public void sendMessage(Q message) {
    LinkStream opened = stream();
    var bytes = MessageBytes.fromStream(method.streamRequest(message));
    connection.step(link -> link.send(opened, bytes));
  }

  @Override
  public void halfClose() {
    LinkStream opened = stream();
    connection.step(link -> link.halfClose(opened));
  }

  @Override
  public void cancel(@Nullable String message, @Nullable Throwable cause) {
    LinkStream opened = stream;
    if (opened != null) {
      Status status = Status.CANCELLED.withDescription(message).withCause(cause);
      connection.step(link -> link.reset(opened, status));
    }
  }

  @Override
  public SerialExecutor callbacks() {
    return callbacks;
  }

  @Override
  public void handle(LinkEvent event) {
    Listener<R> target = listener;
    if (target == null || (failed && !(event instanceof LinkEvent.Closed))) {
      return;
    }
    try {
      switch (event) {
        case LinkEvent.Ready _ -> target.onReady();
        case LinkEvent.Message message -> {
          if (!headersSaid) {
            headersSaid = true;
            target.onHeaders(new Metadata());
          }
          target.onMessage(method.parseResponse(MessageBytes.toStream(message.bytes())));
        }
        case LinkEvent.Closed closed -> target.onClose(closed.status(), new Metadata());
        case LinkEvent.Opened _, LinkEvent.HalfClosed _ -> {}
      }
    } catch (RuntimeException e) {
      failed = true;
      cancel("the call's listener failed", e);
    }
  }
}

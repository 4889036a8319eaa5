package dev.orchard.worker.stream;

import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import java.util.function.Consumer;

/** A stream that is a gRPC call. */
public final class GrpcStream<Q> implements MessageStream<Q> {
  private final ClientCallStreamObserver<Q> calls;
  private volatile boolean cancelled;

  private GrpcStream(ClientCallStreamObserver<Q> calls) {
    this.calls = calls;
  }

  /**
   * Makes the call.
   *
   * @param call the method of a stub
   * @param requested so many messages may come at once
   */
  public static <Q, A> MessageStream<Q> open(
      Consumer<StreamObserver<A>> call, int requested, StreamListener<A> listener) {
    Observer<Q, A> observer = new Observer<>(requested, listener);
    call.accept(observer);
    return new GrpcStream<>(observer.calls);
  }

  @Override
  public boolean isReady() {
    return calls.isReady();
  }

  @Override
  public void send(Q message) {
    try {
      calls.onNext(message);
    } catch (IllegalStateException e) {
      // Of two threads one may cancel while the other sends.
      if (!cancelled) {
        throw e;
      }
    }
  }

  @Override
  public void request(int messages) {
    calls.request(messages);
  }

  @Override
  public void complete() {
    calls.onCompleted();
  }

  @Override
  public void cancel(String why) {
    cancelled = true;
    calls.cancel(why, null);
  }

  private static final class Observer<Q, A> implements ClientResponseObserver<Q, A> {
    private final int requested;
    private final StreamListener<A> listener;
    private ClientCallStreamObserver<Q> calls;

    @SuppressWarnings("NullAway.Init")
    Observer(int requested, StreamListener<A> listener) {
      this.requested = requested;
      this.listener = listener;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<Q> requests) {
      calls = requests;
      requests.disableAutoRequestWithInitial(requested);
      requests.setOnReadyHandler(listener::ready);
    }

    @Override
    public void onNext(A message) {
      listener.received(message);
    }

    @Override
    public void onError(Throwable why) {
      listener.ended(Status.fromThrowable(why).toString());
    }

    @Override
    public void onCompleted() {
      listener.ended(null);
    }
  }
}

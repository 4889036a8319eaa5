package dev.orchard.controller.worker;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * This replica's side of one gRPC stream. Waits for the stream to have room, where gRPC itself
 * would buffer without a bound. One thread sends; gRPC's threads only wake it.
 */
final class GrpcStream<T> implements WorkerStream<T> {
  private final ServerCallStreamObserver<T> stream;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  @GuardedBy("lock")
  private boolean ended;

  // While the call is being accepted, the only time when gRPC takes a ready handler.
  private GrpcStream(ServerCallStreamObserver<T> stream) {
    this.stream = stream;
    stream.setOnReadyHandler(this::wake);
  }

  /**
   * Takes a call, of which the first message is asked for.
   *
   * @param owner makes the receiver of what comes
   */
  static <Q, T> StreamObserver<Q> accept(
      StreamObserver<T> answers, Function<WorkerStream<T>, StreamReceiver<Q>> owner) {
    ServerCallStreamObserver<T> call = (ServerCallStreamObserver<T>) answers;
    GrpcStream<T> stream = new GrpcStream<>(call);
    StreamReceiver<Q> receiver = owner.apply(stream);
    call.disableAutoRequest();
    call.setOnCancelHandler(() -> {
      stream.peerEnded();
      receiver.ended("the worker cancelled the stream");
    });
    call.request(1);
    return new StreamObserver<>() {
      @Override
      public void onNext(Q message) {
        receiver.received(message);
      }

      @Override
      public void onError(Throwable failure) {
        stream.peerEnded();
        receiver.ended("the worker's stream broke: " + Status.fromThrowable(failure).getCode());
      }

      @Override
      public void onCompleted() {
        receiver.ended(null);
        stream.complete();
      }
    };
  }

  @Override
  public void request() {
    stream.request(1);
  }

  @Override
  public boolean send(T message, Duration patience) throws InterruptedException {
    lock.lock();
    try {
      long left = patience.toNanos();
      while (!ended && !stream.isReady()) {
        if (left <= 0) {
          return false;
        }
        left = changed.awaitNanos(left);
      }
      if (ended) {
        return false;
      }
      stream.onNext(message);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** The peer has ended or cancelled the stream. */
  private void peerEnded() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void complete() {
    lock.lock();
    try {
      if (!ended) {
        ended = true;
        changed.signalAll();
        stream.onCompleted();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void fail(StreamEnd reason) {
    lock.lock();
    try {
      if (!ended) {
        ended = true;
        changed.signalAll();
        stream.onError(status(reason).asRuntimeException());
      }
    } finally {
      lock.unlock();
    }
  }

  private void wake() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private static Status status(StreamEnd reason) {
    Status status =
        switch (reason.kind()) {
          case INVALID -> Status.INVALID_ARGUMENT;
          case UNAUTHENTICATED -> Status.UNAUTHENTICATED;
          case FORBIDDEN -> Status.PERMISSION_DENIED;
          case NOT_FOUND -> Status.NOT_FOUND;
          case OVERLOADED -> Status.RESOURCE_EXHAUSTED;
          case SILENT -> Status.DEADLINE_EXCEEDED;
          case SUPERSEDED -> Status.ABORTED;
          case UNAVAILABLE -> Status.UNAVAILABLE;
        };
    return status.withDescription(reason.why());
  }
}

package dev.orchard.controller.worker;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * This replica's side of one gRPC stream. Waits for the stream to have room, where gRPC itself
 * would buffer without a bound. One thread sends; gRPC's threads only wake it.
 */
final class StreamSender<T> {
  private final ServerCallStreamObserver<T> stream;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  @GuardedBy("lock")
  private boolean ended;

  /** To be made while the call is being accepted, the only time when gRPC takes a ready handler. */
  StreamSender(ServerCallStreamObserver<T> stream) {
    this.stream = stream;
    stream.setOnReadyHandler(this::wake);
  }

  /** Lets one more message come. */
  void request() {
    stream.request(1);
  }

  /** Sends once there is room. False if the stream ended, or had no room for {@code patience}. */
  boolean send(T message, Duration patience) throws InterruptedException {
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
  void peerEnded() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Ends the stream regularly, once. */
  void complete() {
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

  /** Ends the stream with a reason for the peer, once. */
  void fail(Status reason) {
    lock.lock();
    try {
      if (!ended) {
        ended = true;
        changed.signalAll();
        stream.onError(reason.asRuntimeException());
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
}

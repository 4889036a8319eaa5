package dev.orchard.controller.worker;

import java.time.Duration;

/**
 * This replica's side of a stream that a worker has opened, whatever carries it. What comes goes to
 * a {@link StreamReceiver}. One thread sends; all else is anybody's.
 */
public interface WorkerStream<T> {
  /** Lets one more message come. */
  void request();

  /** Sends once there is room. False if the stream ended, or had no room for {@code patience}. */
  boolean send(T message, Duration patience) throws InterruptedException;

  /** Ends the stream regularly, unless it has ended. */
  void complete();

  /** Ends the stream with a reason for the worker, unless it has ended. */
  void fail(StreamEnd reason);
}

package dev.orchard.client;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import java.time.Duration;
import java.util.Optional;

/**
 * What a session's thread is told. Those of a socket carry its connection's number: one that is not
 * the current one's is late and means nothing.
 */
sealed interface Event {
  record Connected(int connection, SessionStream socket) implements Event {}

  /**
   * An attempt to connect failed.
   *
   * @param passing whether another one may succeed
   * @param retryAfter as the server wishes
   */
  record NotConnected(int connection, String why, boolean passing, Optional<Duration> retryAfter)
      implements Event {}

  record Received(int connection, Frame.Out frame) implements Event {}

  record Sent(int connection) implements Event {}

  /** All that there is for now has come. */
  record Finished(int connection) implements Event {}

  record Closed(int connection, String why) implements Event {}

  record Broken(int connection, String why) implements Event {}

  /** Standard input; empty with {@code eof} only. */
  record Input(ByteString data, boolean eof) implements Event {}

  record Resized(WindowSize size) implements Event {}

  record Signalled(Frame.Signal signal) implements Event {}

  record Detached() implements Event {}

  /** Whoever follows wants no more of it, but for what is to be sent before. */
  record Leave() implements Event {}

  /** The same, at once. */
  record Close() implements Event {}

  /** The listener failed. */
  record Undelivered(Throwable failure) implements Event {}

  /** The listener has everything. */
  record Delivered() implements Event {}
}

package dev.orchard.cli.exec;

import com.google.protobuf.ByteString;
import dev.orchard.cli.road.SessionStream;
import dev.orchard.cli.terminal.LocalSignal;
import dev.orchard.exec.frame.Frame;

/**
 * What a run's owner is told. Those of a socket carry its connection's number: one that is not the
 * current one's is late and means nothing.
 */
sealed interface Event {
  record Connected(int connection, SessionStream socket) implements Event {}

  /**
   * An attempt to connect failed.
   *
   * @param passing whether another one may succeed
   */
  record NotConnected(int connection, String why, boolean passing) implements Event {}

  record Received(int connection, Frame.Out frame) implements Event {}

  record Sent(int connection) implements Event {}

  /** All that there is for now has come. */
  record Finished(int connection) implements Event {}

  record Closed(int connection, String why) implements Event {}

  record Broken(int connection, String why) implements Event {}

  /** Local standard input; empty with {@code eof} only. */
  record Input(ByteString data, boolean eof) implements Event {}

  record Signalled(LocalSignal signal) implements Event {}

  /** A local stream failed: the run has lost what it was started for. */
  record LocalFailed(String why) implements Event {}

  /** Everything that was to be written is. */
  record Written() implements Event {}
}

package dev.orchard.exec.session;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.log.JournalRecord;

/**
 * What a worker has to do for a session, in the order given: each action is done before the next
 * one begins, and a crash between two of them is one that recovery expects.
 */
public sealed interface SessionAction {
  /** Append to the journal and fsync. */
  record Write(JournalRecord record) implements SessionAction {}

  /** Append to the log: its next bytes. */
  record Append(StdStream stream, ByteString data) implements SessionAction {}

  /** Fsync the log. */
  record Sync() implements SessionAction {}

  /** Open a stream to the agent that starts the command. */
  record Start() implements SessionAction {}

  /**
   * Open a stream to the agent that resumes the session behind what the log has.
   *
   * @param dropStdin the agent is to forget what the process has not taken of stdin
   */
  record Attach(long from, boolean dropStdin) implements SessionAction {}

  record ToGuest(Frame.In frame) implements SessionAction {}

  /** Tell the agent what it may forget. */
  record Stored(long offset, boolean exit) implements SessionAction {}

  /** Close the stream to the agent. */
  record CloseGuest() implements SessionAction {}

  /** For the attachment that writes, if there is one. */
  record ToWriter(Frame.Out frame) implements SessionAction {}

  /** The controllers should hear of the session's new state. */
  record Report() implements SessionAction {}
}

package dev.orchard.worker.guest;

import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.RefusalReason;

/** What comes back on the stream of a session. */
public sealed interface GuestMessage {
  /** First, unless refused: what of stdin its pipe has taken, and the agent received, as of now. */
  record Attached(long stdinOffset, long stdinReceived) implements GuestMessage {}

  record Received(Frame.Out frame) implements GuestMessage {}

  record Refused(RefusalReason reason, String message) implements GuestMessage {}

  /** Something that no agent of ours would send. */
  record Invalid(String why) implements GuestMessage {}

  /** Last: the agent ended the stream as it should. */
  record Ended() implements GuestMessage {}

  /** Last: the stream or the channel under it broke. */
  record Broken(String why) implements GuestMessage {}
}

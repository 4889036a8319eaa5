package dev.orchard.exec.session;

import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;

/** What happens to a session on its worker. */
public sealed interface SessionEvent {
  /** The agent of the session's VM can be spoken to. Comes again after every {@link GuestLost}. */
  record GuestReady(Fence fence) implements SessionEvent {}

  /** The channel to the agent, or this session's stream on it, broke. */
  record GuestLost() implements SessionEvent {}

  /** The boot that the session is bound to has ended for good. */
  record VmGone(String why) implements SessionEvent {}

  /**
   * Nothing is known here of the boot that the session is bound to: whether an earlier life of this
   * worker has started it there is not known either.
   */
  record BootUnknown(String why) implements SessionEvent {}

  /**
   * The agent took the stream.
   *
   * @param stdinOffset what stdin's pipe has taken
   * @param stdinReceived what the agent has received of stdin, and holds from {@code stdinOffset}
   *     on
   */
  record GuestAttached(long stdinOffset, long stdinReceived) implements SessionEvent {}

  record GuestRefused(RefusalReason reason, String message) implements SessionEvent {}

  /** The agent ended the stream in order: it has forgotten the session, as it was told. */
  record GuestClosed() implements SessionEvent {}

  record FromGuest(Frame.Out frame) implements SessionEvent {}

  /** Another attachment may write now: a new client's, or the same one's that has come back. */
  record WriterAttached() implements SessionEvent {}

  /** From the attachment that may write. */
  record FromWriter(Frame.In frame) implements SessionEvent {}

  /** How many attachments count for the disconnect policy now. */
  record Foreground(int attachments) implements SessionEvent {}

  /** Whether a linked replica reaches the Kubernetes API, so that a client could come back. */
  record KubernetesReachable(boolean reachable) implements SessionEvent {}

  record Cancel(ExitReason reason, String message) implements SessionEvent {}

  /** The outcome stands in the object. */
  record OutcomeAcknowledged() implements SessionEvent {}

  /** Time passed. At least every second while the session is not finished. */
  record Tick() implements SessionEvent {}
}

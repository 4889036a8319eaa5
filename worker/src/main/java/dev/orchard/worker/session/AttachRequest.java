package dev.orchard.worker.session;

import dev.orchard.worker.vm.Uid;

/**
 * What one attachment wants of a session.
 *
 * @param from first offset wanted; means nothing without output
 * @param untilNow ends at the log's present end instead of following it
 * @param writer may send stdin, resize and signal
 * @param takeover takes the right to write from whoever has it
 * @param output false: only acks and errors come back; without {@code writer} it passes on one
 *     resize, signal or detach beside whoever writes, and ends
 * @param foreground counts for the disconnect policy
 */
public record AttachRequest(
    Uid session,
    long from,
    boolean untilNow,
    boolean writer,
    boolean takeover,
    boolean output,
    boolean foreground) {

  public AttachRequest {
    if (from < 0) {
      throw new IllegalArgumentException("attachment's from=%d is negative".formatted(from));
    }
  }

  /** Whether it is there to pass on one resize, signal or detach. */
  boolean passes() {
    return !writer && !output;
  }
}

package dev.orchard.exec.log;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;

/**
 * One fact of a session that its worker must not forget, in the order in which they come about. The
 * first is {@link Intent}; a session that ended before it has {@link Exited} alone.
 */
public sealed interface JournalRecord {
  /**
   * The guest is about to be asked to start it.
   *
   * @param spec what runs, as the worker wants it back; opaque here
   * @param bootId the boot of the VM, half of the fence
   * @param instance the guest agent, the other half
   */
  record Intent(ByteString spec, String bootId, String instance) implements JournalRecord {}

  /**
   * The guest says that the process runs.
   *
   * @param pid inside the guest
   * @param startTimeMillis Unix time
   */
  record Started(long pid, long startTimeMillis) implements JournalRecord {}

  /** Its client asked that it runs on without it. */
  record Detached() implements JournalRecord {}

  /** The worker began to end it: its outcome will have this reason. */
  record Ending(ExitReason reason, String message) implements JournalRecord {}

  /**
   * It ended. Nothing but {@link Acknowledged} follows.
   *
   * @param completionTimeMillis Unix time
   */
  record Exited(Frame.Exit exit, long completionTimeMillis) implements JournalRecord {}

  /** The outcome stands in the object. */
  record Acknowledged() implements JournalRecord {}
}

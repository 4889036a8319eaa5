package dev.orchard.agent.session;

import dev.orchard.agent.process.ProcessSpec;
import dev.orchard.exec.frame.Frame;

/** What the worker asks over one attachment. */
sealed interface Request {
  /** What an attachment begins with. */
  sealed interface Opening extends Request {
    /** UID of the VMExec object. */
    String id();

    /** The agent that is meant. */
    String instance();
  }

  /** Runs a process, or attaches at offset 0 to the session that has the id already. */
  record Start(String id, String instance, ProcessSpec process) implements Opening {}

  /**
   * Has the session's output from an offset on.
   *
   * @param from the worker has stored everything before it
   * @param dropStdin what the pipe has not taken of stdin is to be forgotten
   */
  record Attach(String id, String instance, long from, boolean dropStdin) implements Opening {}

  record Input(Frame.In frame) implements Request {}

  /**
   * The worker has stored everything before an offset.
   *
   * @param exit and the outcome as well: the session may be forgotten
   */
  record Stored(long offset, boolean exit) implements Request {}
}

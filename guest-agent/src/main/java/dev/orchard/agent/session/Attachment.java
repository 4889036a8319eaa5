package dev.orchard.agent.session;

import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.RefusalReason;

/**
 * One stream of the worker, as the loop sees it. The loop's thread alone calls it, and no call
 * blocks; all are of no effect once the worker has left.
 */
interface Attachment {
  /** Whether a frame can be sent now. {@link SessionLoop#ready} is called when it turns true. */
  boolean ready();

  /** Lets the next request come. */
  void next();

  /** No request will come any more: behind the outcome the stream has no use. */
  void closeInput();

  boolean inputClosed();

  /**
   * It has the session.
   *
   * @param stdinOffset what stdin's pipe has taken
   * @param stdinReceived what was received of stdin
   */
  void attached(long stdinOffset, long stdinReceived);

  void frame(Frame.Out frame);

  /** Says why not, and ends the stream. */
  void refused(RefusalReason reason, String message);

  /** Ends the stream: there is nothing more to say. */
  void end();

  /** Ends the stream: its input breaks the schema. */
  void broken(String message);

  /** Ends the stream: a newer one has the session. */
  void takenOver();
}

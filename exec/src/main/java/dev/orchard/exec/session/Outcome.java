package dev.orchard.exec.session;

import dev.orchard.exec.frame.Frame;

/** How a session ended, as far as its client can tell. */
public sealed interface Outcome {
  /**
   * The command's outcome is certain.
   *
   * @param exit with lengths and, where everything was read, digests that match what was received
   */
  record Known(Frame.Exit exit) implements Outcome {}

  /** Not a success, whatever the command did. */
  record Unknown(String why) implements Outcome {}
}

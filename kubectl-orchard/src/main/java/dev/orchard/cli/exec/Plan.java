package dev.orchard.cli.exec;

import dev.orchard.cli.road.Reply;
import dev.orchard.cli.road.SessionStream;
import dev.orchard.cli.terminal.WindowSize;
import java.util.Optional;

/**
 * What a run does with a session that is there.
 *
 * @param session as the user names it
 * @param stdin whether local standard input goes to the command
 * @param tty the size of the terminal that it runs on, if on one
 * @param writes whether signals go to the command; else they only end us
 * @param from offset of the first byte of output to print
 * @param whenLeft what to say of the session where we leave it running
 */
record Plan(
    String session,
    Opener opener,
    boolean stdin,
    Optional<WindowSize> tty,
    boolean writes,
    long from,
    String whenLeft) {
  /** Makes a connection to the session. */
  @FunctionalInterface
  interface Opener {
    /**
     * One attempt; blocks.
     *
     * @param from offset of the first byte of output to send
     * @param again whether an earlier connection may still be taken for the one that writes
     */
    Reply<SessionStream> open(long from, boolean again, SessionStream.Listener listener);
  }

  /** What to say where somebody has left a session. */
  static String left(String session, boolean leased) {
    return leased
        ? "left session %s: its command is ended when nobody has come back for a minute, by: kubectl orchard attach %s"
            .formatted(session, session)
        : "left session %s, which runs on; come back by: kubectl orchard attach %s"
            .formatted(session, session);
  }
}

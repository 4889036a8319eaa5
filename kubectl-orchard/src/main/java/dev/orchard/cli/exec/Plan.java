package dev.orchard.cli.exec;

import dev.orchard.cli.road.Road;
import dev.orchard.client.ExecSession;
import dev.orchard.client.SessionAddress;
import dev.orchard.client.SessionOpener;
import dev.orchard.client.WindowSize;
import java.util.Optional;

/**
 * What a run does with a session that is there.
 *
 * @param session as the user names it
 * @param purpose what we are to it
 * @param stdin whether local standard input goes to the command
 * @param tty the size of our terminal, if the command runs on one and we have a say in it
 * @param from offset of the first byte of output to print, or {@link ExecSession#END}
 * @param leased whether its command is ended a minute after we have left it
 */
record Plan(
    String session,
    SessionOpener opener,
    Purpose purpose,
    boolean stdin,
    Optional<WindowSize> tty,
    long from,
    boolean leased) {
  /** What a run is to its session. */
  enum Purpose {
    /** It made it: signals go to the command, and its code is ours. */
    RUN,
    /** It came later: as {@link #RUN}, and our terminal's size counts from now on. */
    JOIN,
    /** It looks on: signals end only us, and the command's code is ours. */
    WATCH,
    /** It prints what there is, however the command ended. */
    PRINT
  }

  /** Attaches by a road, each time. */
  static SessionOpener attaching(
      Road road, SessionAddress session, boolean writes, boolean takeover) {
    return SessionOpener.attaching(
        (how, listener) -> road.attach(session, how, listener), writes, takeover);
  }

  boolean passesSignals() {
    return purpose == Purpose.RUN || purpose == Purpose.JOIN;
  }

  /** What to say where somebody has left the session. */
  String whenLeft() {
    return (leased
            ? "left session %s: its command is ended when nobody has come back for a minute:"
                + " kubectl orchard attach %s"
            : "left session %s, which runs on: kubectl orchard attach %s")
        .formatted(session, session);
  }
}

package dev.orchard.cli.exec;

import dev.orchard.cli.road.Attachment;
import dev.orchard.cli.road.Reply;
import dev.orchard.cli.road.Road;
import dev.orchard.cli.road.SessionAddress;
import dev.orchard.cli.road.SessionStream;
import dev.orchard.cli.terminal.WindowSize;
import java.util.Optional;

/**
 * What a run does with a session that is there.
 *
 * @param session as the user names it
 * @param purpose what we are to it
 * @param stdin whether local standard input goes to the command
 * @param tty the size of our terminal, if the command runs on one and we have a say in it
 * @param from offset of the first byte of output to print, or {@link #END}
 * @param leased whether its command is ended a minute after we have left it
 */
record Plan(
    String session,
    Opener opener,
    Purpose purpose,
    boolean stdin,
    Optional<WindowSize> tty,
    long from,
    boolean leased) {
  /** In place of an offset: what is printed from now on. Behind the end of every log. */
  static final long END = 1L << 53;

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

  static Opener attaching(Road road, SessionAddress session, boolean writes, boolean takeover) {
    return (from, again, listener) ->
        road.attach(session, new Attachment(from, writes, writes && (takeover || again)), listener);
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

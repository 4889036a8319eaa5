package dev.orchard.client;

/** Makes connections to one session: the way there is its own. */
@FunctionalInterface
public interface SessionOpener {
  /**
   * One attempt; blocks.
   *
   * @param from offset of the first byte of output to send
   * @param again whether an earlier connection may still be taken for the one that writes
   * @param ticket of an earlier connection; empty without one
   */
  Reply<SessionStream> open(
      long from, boolean again, String ticket, SessionStream.Listener listener);

  /**
   * Attaches each time.
   *
   * @param way to the sessions' server
   * @param writes whether frames may be sent to it
   * @param takeover whether whoever writes now may be taken the right to, the first time already
   */
  static SessionOpener attaching(Way way, boolean writes, boolean takeover) {
    return (from, again, ticket, listener) ->
        way.attach(new Attachment(from, writes, writes && (takeover || again), ticket), listener);
  }

  /** To a session's server. */
  @FunctionalInterface
  interface Way {
    /** One attempt; blocks. */
    Reply<SessionStream> attach(Attachment how, SessionStream.Listener listener);
  }
}

package dev.orchard.worker.session;

import dev.orchard.worker.vm.Uid;

/** Hears of sessions, in order for each, on the session's thread. Must be quick. */
public interface SessionListener {
  /** Something that controllers should know has changed, or was asked for again. */
  void changed(SessionStatus status);

  /** Its outcome stands in its object: it need not be reported any more. */
  void settled(Uid uid);

  /**
   * The disk has run out of room for sessions, or has some again.
   *
   * @param why empty where there is room
   */
  void storage(String why);
}

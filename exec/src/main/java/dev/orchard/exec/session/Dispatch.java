package dev.orchard.exec.session;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What the replica at the other end of a worker's primary link does about one session, from what
 * the object says and what the worker reports. Level-triggered: asked again whenever either
 * changes, and doing the same thing twice does no harm.
 */
public final class Dispatch {
  /**
   * For how long a worker that knows a session may not have reported it, on a link that is taken
   * for alive: longer than a link may be silent.
   */
  public static final Duration OVERDUE = Duration.ofSeconds(60);

  private Dispatch() {}

  /**
   * A VMExec that is bound to the worker.
   *
   * @param finished its outcome stands in the object
   * @param cancelled its desired state is Cancelled, or it is being deleted
   * @param started a worker has said that its process ran
   * @param overdue that was seen {@link #OVERDUE} ago over a link on which it was never reported.
   *     Until then a report may be on its way, or the link dead and another one primary
   */
  public record Wanted(boolean finished, boolean cancelled, boolean started, boolean overdue) {}

  /**
   * What the worker said of the session last.
   *
   * @param finished it has an outcome
   * @param written what it says stands in the object already
   */
  public record Reported(boolean finished, boolean written) {}

  public enum Decision {
    NOTHING,
    /** Instruct the worker to start it. */
    START,
    /** Instruct the worker to cancel it. */
    CANCEL,
    /** Its worker has forgotten a session that ran: it is lost, and must not be started again. */
    LOSE,
    /** Write what the worker reports into the object. */
    WRITE,
    /** Tell the worker that the outcome stands. */
    ACKNOWLEDGE,
    /** No informer knows the object: ask the API server, for absence never cancels. */
    VERIFY_ABSENCE
  }

  /**
   * The next thing to do about a session.
   *
   * @param wanted the object with the session's UID; null where no informer knows one
   * @param reported null where the worker has not reported the session
   * @param synced whether the worker has reported everything that it has
   */
  public static Decision decide(
      @Nullable Wanted wanted, @Nullable Reported reported, boolean synced) {
    if (wanted == null) {
      return reported == null ? Decision.NOTHING : Decision.VERIFY_ABSENCE;
    }
    if (reported == null) {
      if (wanted.finished() || !synced) {
        return Decision.NOTHING;
      }
      if (wanted.started()) {
        return wanted.overdue() ? Decision.LOSE : Decision.NOTHING;
      }
      return wanted.cancelled() ? Decision.CANCEL : Decision.START;
    }
    if (wanted.finished()) {
      return reported.finished() ? Decision.ACKNOWLEDGE : Decision.CANCEL;
    }
    if (!reported.written()) {
      return Decision.WRITE;
    }
    return wanted.cancelled() && !reported.finished() ? Decision.CANCEL : Decision.NOTHING;
  }

  /**
   * The next thing to do about a session whose object is gone.
   *
   * @param reported a session that no informer knows
   * @return what a live GET's "not there, or with another UID" means for it
   */
  public static Decision absent(Reported reported) {
    return reported.finished() ? Decision.ACKNOWLEDGE : Decision.CANCEL;
  }
}

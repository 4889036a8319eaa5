package dev.orchard.worker.session;

import dev.orchard.exec.session.SessionPhase;
import dev.orchard.exec.session.WorkerSession;
import java.time.Duration;

/**
 * How long a finished session is kept: an hour for its readers, or less where its room is needed.
 */
final class Retention {
  /** How long a finished session can still be read. DESIGN §7. */
  private static final Duration READABLE = Duration.ofHours(1);

  /** How long an outcome is kept that no controller has put into its object. */
  private static final Duration UNREPORTED = Duration.ofDays(7);

  private volatile long dispensableSince = Long.MAX_VALUE;
  private volatile boolean dispensed;

  /**
   * Whether it is over. The session's thread.
   *
   * @param read whether somebody reads it now
   * @param now Unix milliseconds
   */
  boolean isOver(WorkerSession core, boolean read, long now) {
    if (core.phase() != SessionPhase.FINISHED) {
      return false;
    }
    if (core.isAcknowledged()) {
      dispensableSince = core.completedAt();
    }
    Duration kept = core.isAcknowledged() ? READABLE : UNREPORTED;
    return !read
        && (now - core.completedAt() >= kept.toMillis() || (dispensed && core.isAcknowledged()));
  }

  /** Unix milliseconds; the far future while it may not go. Any thread. */
  long dispensableSince() {
    return dispensed ? Long.MAX_VALUE : dispensableSince;
  }

  /** It goes as soon as nobody reads it. Any thread. */
  void dispense() {
    dispensed = true;
  }
}

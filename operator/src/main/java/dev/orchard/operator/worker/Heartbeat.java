package dev.orchard.operator.worker;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * What one worker's Lease has told so far. A renewal counts from the moment at which this operator
 * saw it, by its own clock: the clocks of controllers may be off.
 *
 * @param renewed what the Lease said, by the clock of whoever wrote it
 * @param seen when this operator first saw that
 * @param moved whether this operator has seen the Lease being renewed; if not, it may be an old one
 */
record Heartbeat(Instant renewed, Instant seen, boolean moved) {
  /** What follows from a heartbeat. */
  sealed interface Verdict {
    /** The worker is there, until then at least. */
    record Alive(Instant until) implements Verdict {}

    /** It has been silent for too long. */
    record Silent() implements Verdict {}

    /** Whatever was known stays so until then: this operator has not listened long enough. */
    record Undecided(Instant until) implements Verdict {}
  }

  static Heartbeat first(Instant renewed, Instant now) {
    return new Heartbeat(renewed, now, false);
  }

  Heartbeat next(Instant renewedNow, Instant now) {
    return renewedNow.equals(renewed) ? this : new Heartbeat(renewedNow, now, true);
  }

  /**
   * @param lasts for how long a renewal counts
   * @param connectedSince since when this operator hears everything; silence before is its own
   */
  Verdict judge(Duration lasts, Optional<Instant> connectedSince, Instant now) {
    Instant freshUntil = (moved ? seen : renewed).plus(lasts);
    if (now.isBefore(freshUntil)) {
      return new Verdict.Alive(freshUntil);
    }
    if (connectedSince.isEmpty()) {
      return new Verdict.Undecided(now.plus(ApiProbe.PERIOD));
    }
    Instant listening = connectedSince.get().isAfter(seen) ? connectedSince.get() : seen;
    Instant decided = listening.plus(lasts);
    return now.isBefore(decided) ? new Verdict.Undecided(decided) : new Verdict.Silent();
  }
}

package dev.orchard.operator.worker;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Since when this process has reached the Kubernetes API without a break, as its probes tell. A
 * pause between probes is a break too: a laptop that slept has heard nobody. Thread-safe.
 */
public final class Connectivity {
  private final InstantSource clock;
  private final Duration longestPause;
  private @Nullable Instant since;
  private Instant lastReached = Instant.MIN;

  /**
   * @param longestPause between two successful probes of one unbroken connection
   */
  public Connectivity(InstantSource clock, Duration longestPause) {
    this.clock = clock;
    this.longestPause = longestPause;
  }

  public synchronized void probed(boolean reached) {
    Instant now = clock.instant();
    if (!reached) {
      since = null;
      return;
    }
    if (since == null || broken(now)) {
      since = now;
    }
    lastReached = now;
  }

  /** Absent while the API is not reached. */
  public synchronized Optional<Instant> since() {
    return since == null || broken(clock.instant()) ? Optional.empty() : Optional.of(since);
  }

  private boolean broken(Instant now) {
    return lastReached.isBefore(now.minus(longestPause));
  }
}

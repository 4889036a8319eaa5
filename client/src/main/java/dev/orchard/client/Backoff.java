package dev.orchard.client;

import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Waits between attempts: a random part of a bound that doubles from 100 ms to 2 s, so that many
 * clients of one controller do not come back at once.
 */
final class Backoff {
  private static final long FIRST_MILLIS = 100;
  private static final long MAX_MILLIS = 2_000;

  private final RandomGenerator random;
  private long boundMillis = FIRST_MILLIS;

  Backoff(RandomGenerator random) {
    this.random = random;
  }

  Duration next() {
    return next(Optional.empty());
  }

  /**
   * The next wait.
   *
   * @param hint of the server, which may know better how long its trouble lasts; the bound's
   *     maximum stays
   */
  Duration next(Optional<Duration> hint) {
    long bound =
        Math.max(boundMillis, Math.min(MAX_MILLIS, hint.map(Duration::toMillis).orElse(0L)));
    boundMillis = Math.min(MAX_MILLIS, 2 * boundMillis);
    return Duration.ofMillis(random.nextLong(bound + 1));
  }
}

package dev.orchard.client;

import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Waits between attempts, each at the next of several servers: a random part of 100 ms before
 * another one is asked, and of a bound that doubles from 100 ms to 2 s once all have been. So many
 * clients of one controller do not come back at once, and none waits while a server that could
 * answer is not asked.
 */
final class Backoff {
  private static final long FIRST_MILLIS = 100;
  private static final long MAX_MILLIS = 2_000;

  private final RandomGenerator random;
  private final int servers;
  private int failures;
  private long boundMillis = FIRST_MILLIS;

  Backoff(RandomGenerator random, int servers) {
    this.random = random;
    this.servers = servers;
  }

  Duration next() {
    return next(Optional.empty());
  }

  /**
   * The next wait.
   *
   * @param hint of the server, which may know better how long its trouble lasts, but not whether
   *     others have it too; the bound's maximum stays
   */
  Duration next(Optional<Duration> hint) {
    failures++;
    if (failures % servers != 0) {
      return Duration.ofMillis(random.nextLong(FIRST_MILLIS + 1));
    }
    long bound =
        Math.max(boundMillis, Math.min(MAX_MILLIS, hint.map(Duration::toMillis).orElse(0L)));
    boundMillis = Math.min(MAX_MILLIS, 2 * boundMillis);
    return Duration.ofMillis(random.nextLong(bound + 1));
  }
}

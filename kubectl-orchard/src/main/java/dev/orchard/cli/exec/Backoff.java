package dev.orchard.cli.exec;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Waits between attempts: a random part of a bound that doubles from 250 ms to 5 s, so that many
 * clients of one controller do not come back at once.
 */
final class Backoff {
  private static final long FIRST_MILLIS = 250;
  private static final long MAX_MILLIS = 5_000;

  private final RandomGenerator random;
  private long boundMillis = FIRST_MILLIS;

  Backoff(RandomGenerator random) {
    this.random = random;
  }

  Duration next() {
    long wait = random.nextLong(boundMillis / 2, boundMillis + 1);
    boundMillis = Math.min(MAX_MILLIS, 2 * boundMillis);
    return Duration.ofMillis(wait);
  }
}

package dev.orchard.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackoffTest {
  private static final Duration CAP = Duration.ofSeconds(2);

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void beginsWithin100MillisecondsAndNeverExceedsTwoSeconds(long seed) {
    Backoff backoff = new Backoff(new Random(seed), 1);
    assertThat(backoff.next()).isBetween(Duration.ZERO, Duration.ofMillis(100));
    for (int i = 0; i < 100; i++) {
      assertThat(backoff.next()).isBetween(Duration.ZERO, CAP);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void takesAServersHintForABoundAndNotForAnOrder(long seed) {
    Backoff backoff = new Backoff(new Random(seed), 1);
    assertThat(backoff.next(Optional.of(Duration.ofHours(1)))).isBetween(Duration.ZERO, CAP);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void asksEveryServerBeforeItWaitsForLong(long seed) {
    Backoff backoff = new Backoff(new Random(seed), 3);
    Optional<Duration> hint = Optional.of(Duration.ofSeconds(1));
    for (int round = 0; round < 10; round++) {
      assertThat(backoff.next(hint)).isBetween(Duration.ZERO, Duration.ofMillis(100));
      assertThat(backoff.next(hint)).isBetween(Duration.ZERO, Duration.ofMillis(100));
      assertThat(backoff.next(hint)).isBetween(Duration.ZERO, CAP);
    }
  }
}

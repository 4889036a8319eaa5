package dev.orchard.operator.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ConnectivityTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private Instant now = START;
  private final Connectivity connectivity = new Connectivity(() -> now, Duration.ofSeconds(15));

  @Test
  void isNotConnectedBeforeTheFirstProbe() {
    assertThat(connectivity.since()).isEmpty();
  }

  @Test
  void remembersWhenTheConnectionBegan() {
    connectivity.probed(true);
    pass(10);
    connectivity.probed(true);
    pass(15);

    assertThat(connectivity.since()).contains(START);
  }

  @Test
  void beginsAnewAfterAFailedProbe() {
    connectivity.probed(true);
    pass(5);
    connectivity.probed(false);
    assertThat(connectivity.since()).isEmpty();

    pass(5);
    connectivity.probed(true);

    assertThat(connectivity.since()).contains(START.plusSeconds(10));
  }

  @Test
  void takesALongPauseForABreakEvenIfNoProbeFailed() {
    connectivity.probed(true);
    pass(3600);
    assertThat(connectivity.since()).isEmpty();

    connectivity.probed(true);

    assertThat(connectivity.since()).contains(START.plusSeconds(3600));
  }

  private void pass(long seconds) {
    now = now.plusSeconds(seconds);
  }
}

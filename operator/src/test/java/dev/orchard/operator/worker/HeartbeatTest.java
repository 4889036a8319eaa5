package dev.orchard.operator.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.operator.worker.Heartbeat.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class HeartbeatTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final Duration LASTS = Duration.ofSeconds(40);
  private static final Optional<Instant> CONNECTED = Optional.of(START.minusSeconds(3600));

  @Test
  void aRenewalCountsFromWhenItWasSeenWhateverTheWritersClockSays() {
    Heartbeat heartbeat = Heartbeat.first(at(-9000), START).next(at(-8990), START.plusSeconds(10));

    assertThat(heartbeat.judge(LASTS, CONNECTED, at(49))).isEqualTo(new Verdict.Alive(at(50)));
    assertThat(heartbeat.judge(LASTS, CONNECTED, at(50))).isEqualTo(new Verdict.Silent());
  }

  @Test
  void theSameRenewalSeenAgainIsNoHeartbeat() {
    Heartbeat first = Heartbeat.first(at(0), at(0));

    assertThat(first.next(at(0), at(30))).isEqualTo(first);
  }

  @Test
  void aFreshLeaseFoundAtTheStartIsAlive() {
    assertThat(Heartbeat.first(at(-10), at(0)).judge(LASTS, Optional.of(at(0)), at(0)))
        .isEqualTo(new Verdict.Alive(at(30)));
  }

  @Test
  void anOldLeaseFoundAtTheStartIsNotJudgedBeforeTheOperatorHasListenedLongEnough() {
    Heartbeat old = Heartbeat.first(at(-9000), at(0));

    assertThat(old.judge(LASTS, Optional.of(at(0)), at(1)))
        .isEqualTo(new Verdict.Undecided(at(40)));
    assertThat(old.judge(LASTS, Optional.of(at(0)), at(40))).isEqualTo(new Verdict.Silent());
  }

  @Test
  void silenceWhileTheOperatorIsCutOffProvesNothing() {
    Heartbeat heartbeat = Heartbeat.first(at(-1), at(0)).next(at(9), at(10));

    assertThat(heartbeat.judge(LASTS, Optional.empty(), at(100)))
        .isInstanceOf(Verdict.Undecided.class);
  }

  @Test
  void afterABreakTheFullTimeIsGivenAgainWithoutCallingTheWorkerAlive() {
    Heartbeat heartbeat = Heartbeat.first(at(-1), at(0)).next(at(9), at(10));
    Optional<Instant> reconnected = Optional.of(at(100));

    assertThat(heartbeat.judge(LASTS, reconnected, at(101)))
        .isEqualTo(new Verdict.Undecided(at(140)));
    assertThat(heartbeat.judge(LASTS, reconnected, at(140))).isEqualTo(new Verdict.Silent());
  }

  private static Instant at(long seconds) {
    return START.plusSeconds(seconds);
  }
}

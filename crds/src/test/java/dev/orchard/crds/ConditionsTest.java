package dev.orchard.crds;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Condition;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConditionsTest {
  private static final Instant EARLY = Instant.parse("2026-01-01T00:00:00.5Z");
  private static final Instant LATE = Instant.parse("2026-01-01T00:01:00Z");

  @Test
  void keepsTheTimeWhileTheStatusStays() {
    List<Condition> before =
        Conditions.with(List.of(), Conditions.of("Ready", Conditions.TRUE, "Up", "", EARLY));

    List<Condition> after =
        Conditions.with(before, Conditions.of("Ready", Conditions.TRUE, "Better", "now", LATE));

    assertThat(after)
        .singleElement()
        .satisfies(ready -> {
          assertThat(ready.getReason()).isEqualTo("Better");
          assertThat(ready.getMessage()).isEqualTo("now");
          assertThat(ready.getLastTransitionTime()).isEqualTo("2026-01-01T00:00:00Z");
        });
  }

  @Test
  void takesTheNewTimeWhenTheStatusChanges() {
    List<Condition> before =
        Conditions.with(List.of(), Conditions.of("Ready", Conditions.TRUE, "Up", "", EARLY));

    List<Condition> after =
        Conditions.with(before, Conditions.of("Ready", Conditions.UNKNOWN, "Silent", "", LATE));

    assertThat(after)
        .singleElement()
        .extracting(Condition::getLastTransitionTime)
        .isEqualTo("2026-01-01T00:01:00Z");
  }

  @Test
  void leavesTheOthersAlone() {
    List<Condition> before =
        Conditions.with(List.of(), Conditions.of("Ready", Conditions.TRUE, "Up", "", EARLY));

    List<Condition> after =
        Conditions.with(before, Conditions.of("Draining", Conditions.FALSE, "No", "", LATE));

    assertThat(after).extracting(Condition::getType).containsExactly("Ready", "Draining");
    assertThat(Conditions.isTrue(after, "Ready")).isTrue();
    assertThat(Conditions.isTrue(after, "Draining")).isFalse();
    assertThat(Conditions.isTrue(after, "Other")).isFalse();
  }
}

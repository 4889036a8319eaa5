package dev.orchard.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class OperatorSettingsTest {
  @Test
  void hasADefaultForEverything() {
    assertThat(OperatorSettings.from(Map.of())).isEqualTo(new OperatorSettings("orchard-system"));
  }

  @Test
  void takesEveryKey() {
    assertThat(OperatorSettings.from(Map.of("ORCHARD_NAMESPACE", "other")))
        .isEqualTo(new OperatorSettings("other"));
  }

  @Test
  void refusesAnEmptyNamespaceByItsKey() {
    assertThatThrownBy(() -> OperatorSettings.from(Map.of("ORCHARD_NAMESPACE", " ")))
        .hasMessageContaining("ORCHARD_NAMESPACE");
  }
}

package dev.orchard.cli.exec;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationsTest {
  @ParameterizedTest
  @CsvSource({"0,PT0S", "90,PT90S", "90s,PT90S", "5m,PT5M", "1h30m,PT1H30M", "1h0m5s,PT1H5S"})
  void readsWhatKubectlsUsersWrite(String text, Duration duration) {
    assertThat(Durations.parse(text)).hasValue(duration);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "s", "-1s", "1.5h", "500ms", "5s3m", "1d", "999999999s"})
  void readsNothingElse(String text) {
    assertThat(Durations.parse(text)).isEmpty();
  }
}

package dev.orchard.controller.web;

import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.http.HeaderNames;
import io.helidon.http.WritableHeaders;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PreferencesTest {
  private static Preferences of(String... values) {
    WritableHeaders<?> headers = WritableHeaders.create();
    headers.set(HeaderNames.create("Prefer"), values);
    return Preferences.of(headers);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "respond-async",
        "Respond-Async",
        "respond-async, wait=10",
        "wait=10,respond-async",
        "respond-async; foo=\"bar\"",
        "return=minimal, respond-async"
      })
  void seesThatTheCallerWillNotWaitForTheEnd(String value) {
    assertThat(of(value).respondAsync()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"respond-async, wait=10|10", "wait=0|0", "WAIT = \"7\" ; x|7", "wait=3, wait=4|3"})
  void seesHowLongTheCallerWouldWait(String value, long seconds) {
    assertThat(of(value).patience()).isEqualTo(Duration.ofSeconds(seconds));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "wait", "wait=", "wait=-1", "wait=1.5", "wait=123456", "no-async", ";"})
  void ignoresWhatIsMalformedOrUnknown(String value) {
    assertThat(of(value)).isEqualTo(new Preferences(false, null));
  }

  @Test
  void tellsWhatCounted() {
    assertThat(of("respond-async, wait=10").applied(true)).isEqualTo("respond-async, wait=10");
    assertThat(of("respond-async, wait=10").applied(false)).isEqualTo("respond-async");
    assertThat(of("wait", "handling=strict").applied(true)).isEmpty();
    assertThat(of("wait=10", "respond-async").applied(true)).isEqualTo("respond-async, wait=10");
  }
}

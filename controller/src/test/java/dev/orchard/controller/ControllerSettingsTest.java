package dev.orchard.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.orchard.controller.web.HttpLimits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ControllerSettingsTest {
  private static final Map<String, String> LEAST =
      Map.of("ORCHARD_TLS_CERT", "/tls/tls.crt", "ORCHARD_TLS_KEY", "/tls/tls.key");

  private static ControllerSettings with(String key, String value) {
    Map<String, String> environment = new HashMap<>(LEAST);
    environment.put(key, value);
    return ControllerSettings.of(environment);
  }

  @Test
  void haveDefaultsForAllButTheCertificate() {
    ControllerSettings settings = ControllerSettings.of(LEAST);

    assertThat(settings)
        .isEqualTo(ControllerSettings.of(Path.of("/tls/tls.crt"), Path.of("/tls/tls.key")))
        .isEqualTo(
            new ControllerSettings(
                "0.0.0.0",
                6120,
                6121,
                Path.of("/tls/tls.crt"),
                Path.of("/tls/tls.key"),
                "orchard-system",
                "controller-0",
                1,
                null,
                new ControllerSettings.Timeouts(
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(30),
                    Duration.ofSeconds(15),
                    Duration.ofSeconds(45),
                    Duration.ofSeconds(30)),
                new HttpLimits(Set.of(), 200, 64, Duration.ofSeconds(10), Duration.ofSeconds(60))));
  }

  @Test
  void areReadFromTheEnvironment() {
    assertThat(with("ORCHARD_BIND_ADDRESS", "::1").bindAddress()).isEqualTo("::1");
    assertThat(with("ORCHARD_HTTP_PORT", "0").httpPort()).isZero();
    assertThat(with("ORCHARD_WORKER_PORT", "7").workerPort()).isEqualTo(7);
    assertThat(with("ORCHARD_NAMESPACE", "ns").namespace()).isEqualTo("ns");
    assertThat(with("ORCHARD_REPLICA", "r1").replica()).isEqualTo("r1");
    assertThat(with("HOSTNAME", "pod-1").replica()).isEqualTo("pod-1");
    assertThat(with("ORCHARD_REPLICAS", "3").replicas()).isEqualTo(3);
    assertThat(with("ORCHARD_TICKET_KEY", "/k").ticketKey()).isEqualTo(Path.of("/k"));
    assertThat(with("ORCHARD_TICKET_KEY", "").ticketKey()).isNull();
    assertThat(with("ORCHARD_CALLER_REQUESTS", "7").limits().requestsPerCaller()).isEqualTo(7);
    assertThat(with("ORCHARD_CALLER_STARTS", "8").limits().startsPerCaller()).isEqualTo(8);
    assertThat(
            with("ORCHARD_ALLOWED_ORIGINS", "https://A.example:443, http://[::1]:8080")
                .limits()
                .allowedOrigins())
        .containsExactlyInAnyOrder("https://a.example", "http://[::1]:8080");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-1", "65536", "http"})
  void refusePortsThatAreNone(String port) {
    assertThatThrownBy(() -> with("ORCHARD_HTTP_PORT", port))
        .hasMessage("ORCHARD_HTTP_PORT=%s is no number from 0 to 65535".formatted(port));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"*", "null", "a.example", "https://a.example/", "https://u@a.example", "ftp://a"})
  void refuseOriginsThatAreNone(String origin) {
    assertThatThrownBy(() -> with("ORCHARD_ALLOWED_ORIGINS", origin))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is no origin");
  }

  @Test
  void sayWhichFileIsMissing() {
    assertThatThrownBy(() -> ControllerSettings.of(Map.of()))
        .hasMessageContaining("ORCHARD_TLS_CERT is not set");
  }
}

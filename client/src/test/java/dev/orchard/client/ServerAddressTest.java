package dev.orchard.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServerAddressTest {
  private static ServerAddress of(String url) {
    return ServerAddress.of(url, "--server", Optional.empty());
  }

  @ParameterizedTest
  @CsvSource({
    "https://orchard.example,         https://orchard.example/v1,       wss://orchard.example/v1",
    "https://orchard.example:8443/,   https://orchard.example:8443/v1, "
        + " wss://orchard.example:8443/v1",
    "https://example/behind/a/proxy/, https://example/behind/a/proxy/v1,"
        + " wss://example/behind/a/proxy/v1",
    "http://127.0.0.1:6120,           http://127.0.0.1:6120/v1,         ws://127.0.0.1:6120/v1",
    "http://[::1]:6120,               http://[::1]:6120/v1,             ws://[::1]:6120/v1",
    "http://localhost,                http://localhost/v1,              ws://localhost/v1"
  })
  void isWhatStandsInFrontOfEveryPath(String url, String http, String webSocket) {
    assertThat(of(url).http("/v1")).hasToString(http);
    assertThat(of(url).webSocket("/v1")).hasToString(webSocket);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "orchard.example",
        "orchard.example:8443",
        "ftp://orchard.example",
        "https://",
        "https://user:secret@orchard.example",
        "https://orchard.example?x=y",
        "https://orchard.example#x",
        "https://a b",
        "http://orchard.example",
        "http://10.0.0.1",
        "http://localhost.example",
        "http://127.0.0.1.example"
      })
  void refusesWhatItCannotOrMustNotSendCredentialsTo(String url) {
    assertThatThrownBy(() -> of(url))
        .hasMessageStartingWith("--server: " + url + " ")
        .isExactlyInstanceOf(ClientException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "no certificate", "-----BEGIN CERTIFICATE-----\nAA=="})
  void trustsNothingThatIsNoCertificate(String pem) {
    assertThatThrownBy(() -> Tls.only(pem.getBytes(StandardCharsets.US_ASCII)))
        .isInstanceOf(ClientException.class)
        .hasMessageContaining("holds no certificates");
  }
}

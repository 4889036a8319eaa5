package dev.orchard.worker.road;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class HttpProxyTest {
  private static Optional<HttpProxy> of(String... environment) {
    return HttpProxy.of(
        environment.length == 2
            ? Map.of(environment[0], environment[1])
            : Map.of(environment[0], environment[1], environment[2], environment[3]));
  }

  @Test
  void theEnvironmentNamesItInCapitalsOrNot() {
    HttpProxy proxy = new HttpProxy("proxy", 3128, List.of());
    assertThat(of("HTTPS_PROXY", "http://proxy:3128")).contains(proxy);
    assertThat(of("https_proxy", "proxy:3128")).contains(proxy);
    assertThat(of("HTTPS_PROXY", " ")).isEmpty();
    assertThat(HttpProxy.of(Map.of())).isEmpty();
  }

  @Test
  void whatIsNoProxyOfOursIsNamed() {
    for (String wrong : List.of("https://proxy:1", "http://me:secret@proxy:1", "socks5://proxy")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> of("HTTPS_PROXY", wrong))
          .withMessageContaining("HTTPS_PROXY")
          .withMessageNotContaining("secret");
    }
  }

  @Test
  void someHostsAreReachedWithoutIt() {
    HttpProxy proxy =
        of("HTTPS_PROXY", "http://proxy:3128", "NO_PROXY", "localhost, .example.org,Corp")
            .orElseThrow();

    assertThat(proxy.serves("localhost")).isFalse();
    assertThat(proxy.serves("a.example.org")).isFalse();
    assertThat(proxy.serves("EXAMPLE.org")).isFalse();
    assertThat(proxy.serves("a.corp")).isFalse();
    assertThat(proxy.serves("notcorp")).isTrue();
    assertThat(proxy.serves("orchard.dev")).isTrue();
    assertThat(new HttpProxy("proxy", 1, List.of("*")).serves("orchard.dev")).isFalse();
    assertThat(proxy.selector().select(URI.create("https://localhost")))
        .containsExactly(Proxy.NO_PROXY);
    assertThat(proxy.selector().select(URI.create("https://orchard.dev")).getFirst().address())
        .isEqualTo(InetSocketAddress.createUnresolved("proxy", 3128));
  }
}

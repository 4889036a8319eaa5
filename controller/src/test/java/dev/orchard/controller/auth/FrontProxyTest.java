package dev.orchard.controller.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.controller.TestApi;
import dev.orchard.controller.TestAuthority;
import dev.orchard.controller.problem.ApiException;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FrontProxyTest {
  private static final Map<String, List<String>> ALICE = Map.of("x-remote-user", List.of("alice"));

  private final TestApi api = new TestApi();
  private final TestAuthority authority = new TestAuthority();
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private final FrontProxy proxy = new FrontProxy(api.own(), () -> now);

  @AfterEach
  void stop() {
    api.close();
  }

  private static ConfigMap map(String pem) {
    return new ConfigMapBuilder()
        .withNewMetadata()
        .withName("extension-apiserver-authentication")
        .withNamespace("kube-system")
        .endMetadata()
        .addToData("requestheader-client-ca-file", pem)
        .addToData("requestheader-allowed-names", "[\"front-proxy-client\"]")
        .addToData("requestheader-username-headers", "[\"X-Remote-User\"]")
        .addToData("requestheader-uid-headers", "[\"X-Remote-Uid\"]")
        .addToData("requestheader-group-headers", "[\"X-Remote-Group\"]")
        .addToData("requestheader-extra-headers-prefix", "[\"X-Remote-Extra-\"]")
        .build();
  }

  private void publish(String pem) {
    api.own().resource(map(pem)).createOr(existing -> existing.update());
  }

  private static Optional<X509Certificate[]> chain(TestAuthority of, String subject) {
    return Optional.of(new X509Certificate[] {of.issue(subject).certificate()});
  }

  private int status(Optional<X509Certificate[]> chain, Map<String, List<String>> headers) {
    try {
      proxy.caller(chain, headers);
      return 200;
    } catch (ApiException e) {
      return e.status();
    }
  }

  @Test
  void believesTheApiServerAloneByAuthorityAndName() {
    publish(authority.pem());
    assertThat(status(chain(authority, "CN=front-proxy-client"), ALICE)).isEqualTo(200);
    assertThat(status(chain(authority, "CN=somebody"), ALICE)).isEqualTo(401);
    assertThat(status(chain(authority, "O=front-proxy-client"), ALICE)).isEqualTo(401);
    assertThat(status(chain(authority, "CN=front-proxy-client,CN=x"), ALICE)).isEqualTo(401);
    assertThat(status(chain(new TestAuthority(), "CN=front-proxy-client"), ALICE)).isEqualTo(401);
    assertThat(status(Optional.empty(), ALICE)).isEqualTo(401);
    assertThat(status(Optional.of(new X509Certificate[0]), ALICE)).isEqualTo(401);
  }

  @Test
  void readsTheWholeUser() {
    publish(authority.pem());
    Caller caller =
        proxy.caller(
            chain(authority, "CN=front-proxy-client"),
            Map.of(
                "x-remote-user", List.of("alice"),
                "x-remote-uid", List.of("u-1"),
                "x-remote-group", List.of("a, with a comma", "b"),
                "x-remote-extra-scopes.example%2fview", List.of("1", "2"),
                "x-remote-extra-", List.of("nothing"),
                "x-other", List.of("nothing")));
    assertThat(((Caller.Vouched) caller).identity())
        .isEqualTo(
            new Identity(
                "alice",
                "u-1",
                List.of("a, with a comma", "b"),
                new TreeMap<>(Map.of("scopes.example/view", List.of("1", "2")))));
    assertThat(caller.requestedBy()).contains("alice");
  }

  @Test
  void believesNobodyWhoIsNotNamed() {
    publish(authority.pem());
    Optional<X509Certificate[]> shown = chain(authority, "CN=front-proxy-client");
    assertThat(status(shown, Map.of())).isEqualTo(401);
    assertThat(status(shown, Map.of("x-remote-user", List.of("")))).isEqualTo(401);
    assertThat(status(shown, Map.of("x-remote-group", List.of("system:masters")))).isEqualTo(401);
  }

  @Test
  void believesNobodyWhileTheClusterNamesNoAuthority() {
    assertThat(status(chain(authority, "CN=front-proxy-client"), ALICE)).isEqualTo(401);
    publish("rubbish");
    now = now.plus(Duration.ofMinutes(2));
    assertThat(status(chain(authority, "CN=front-proxy-client"), ALICE)).isEqualTo(401);
    assertThat(proxy.authorities()).isEmpty();
  }

  @Test
  void followsAnAuthorityThatIsReplaced() {
    publish(authority.pem());
    assertThat(status(chain(authority, "CN=front-proxy-client"), ALICE)).isEqualTo(200);
    TestAuthority next = new TestAuthority();
    publish(authority.pem() + next.pem());
    // At once would be to ask the API for every certificate that anybody shows.
    now = now.plusSeconds(6);
    assertThat(status(chain(next, "CN=front-proxy-client"), ALICE)).isEqualTo(200);
    assertThat(proxy.authorities()).hasSize(2);
    publish(next.pem());
    now = now.plus(Duration.ofMinutes(2));
    assertThat(status(chain(authority, "CN=front-proxy-client"), ALICE)).isEqualTo(401);
    assertThat(status(chain(next, "CN=front-proxy-client"), ALICE)).isEqualTo(200);
  }

  @Test
  void keepsWhatItKnowsWhileTheApiIsAway() {
    publish(authority.pem());
    assertThat(status(chain(authority, "CN=front-proxy-client"), ALICE)).isEqualTo(200);
    api.away(true);
    now = now.plus(Duration.ofHours(1));
    assertThat(status(chain(authority, "CN=front-proxy-client"), ALICE)).isEqualTo(200);
  }

  @Test
  void tellsTwoUsersApartWhoDifferInAnything() {
    assertThat(
            List.of(
                new Identity("a", "", List.of(), new TreeMap<>()).digest(),
                new Identity("a", "1", List.of(), new TreeMap<>()).digest(),
                new Identity("a", "", List.of("g"), new TreeMap<>()).digest(),
                new Identity("a", "", List.of("g", ""), new TreeMap<>()).digest(),
                new Identity("a", "", List.of(), new TreeMap<>(Map.of("g", List.of()))).digest()))
        .doesNotHaveDuplicates();
  }
}

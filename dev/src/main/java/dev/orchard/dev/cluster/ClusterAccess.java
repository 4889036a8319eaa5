package dev.orchard.dev.cluster;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * How to reach a Kubernetes API with every right in it.
 *
 * @param caCertificate PEM; absent where the API server's certificate is publicly trusted
 */
public record ClusterAccess(URI server, @Nullable String caCertificate, String token) {
  /** A client of its own that reads nothing from the environment; the caller closes it. */
  public KubernetesClient newClient() {
    ConfigBuilder config =
        new ConfigBuilder(Config.empty())
            .withMasterUrl(server.toString())
            .withOauthToken(token)
            .withTrustCerts(false)
            .withNamespace("default");
    if (caCertificate != null) {
      config.withCaCertData(
          Base64.getEncoder().encodeToString(caCertificate.getBytes(StandardCharsets.US_ASCII)));
    }
    return new KubernetesClientBuilder().withConfig(config.build()).build();
  }

  @Override
  public String toString() {
    return "ClusterAccess[" + server + "]";
  }
}

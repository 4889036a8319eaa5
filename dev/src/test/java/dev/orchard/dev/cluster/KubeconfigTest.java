package dev.orchard.dev.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Config;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.net.URI;
import org.junit.jupiter.api.Test;

final class KubeconfigTest {
  private static final URI CONTROLLER = URI.create("https://127.0.0.1:6120");

  @Test
  void namesTheControllerInTheClustersExtension() {
    Config config =
        parse(new ClusterAccess(URI.create("https://127.0.0.1:6443"), "cluster's CA", "secret"));

    assertThat(config.getClusters().getFirst().getCluster().getExtensions())
        .singleElement()
        .satisfies(extension -> {
          assertThat(extension.getName()).isEqualTo("orchard.dev");
          assertThat(new KubernetesSerialization().asJson(extension.getExtension()))
              .isEqualTo(
                  """
                  {"server":"https://127.0.0.1:6120",\
                  "certificate-authority-data":"Y29udHJvbGxlcidzIENB"}\
                  """);
        });
  }

  @Test
  void leadsToTheClusterWithDevsToken() {
    Config config =
        parse(new ClusterAccess(URI.create("https://127.0.0.1:6443"), "cluster's CA", "secret"));

    assertThat(config.getCurrentContext()).isEqualTo(config.getContexts().getFirst().getName());
    assertThat(config.getClusters().getFirst().getCluster().getServer())
        .isEqualTo("https://127.0.0.1:6443");
    assertThat(config.getClusters().getFirst().getCluster().getCertificateAuthorityData())
        .isEqualTo("Y2x1c3RlcidzIENB");
    assertThat(config.getUsers().getFirst().getUser().getToken()).isEqualTo("secret");
  }

  @Test
  void namesNoAuthorityWhereTheClustersCertificateIsPubliclyTrusted() {
    Config config = parse(new ClusterAccess(URI.create("https://k8s.example.com"), null, "secret"));

    assertThat(config.getClusters().getFirst().getCluster().getCertificateAuthorityData()).isNull();
    assertThat(config.getClusters().getFirst().getCluster().getExtensions()).hasSize(1);
  }

  private static Config parse(ClusterAccess access) {
    return new KubernetesSerialization()
        .unmarshal(Kubeconfig.yaml(access, CONTROLLER, "controller's CA"), Config.class);
  }
}

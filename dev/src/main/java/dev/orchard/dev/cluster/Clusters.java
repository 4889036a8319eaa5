package dev.orchard.dev.cluster;

import dev.orchard.dev.tls.CertificateAuthority;
import java.nio.file.Path;
import java.time.Clock;
import org.jspecify.annotations.Nullable;

/**
 * Opens the cluster that was chosen.
 *
 * @param data where a cluster that we start keeps what it has
 * @param assets what {@code KUBEBUILDER_ASSETS} names
 * @param kubeconfig instead of the one that kubectl would find
 * @param authority signs what our own API servers show
 * @param token of whoever may do everything, in a cluster that we start
 */
public record Clusters(
    Path data,
    @Nullable Path assets,
    @Nullable Path kubeconfig,
    CertificateAuthority authority,
    String token,
    Clock clock) {
  public Cluster open(ClusterChoice choice) {
    return switch (choice) {
      case AUTO -> open(hasAssets() ? ClusterChoice.ASSETS : ClusterChoice.EMBEDDED);
      case EMBEDDED -> EmbeddedCluster.start(authority, token);
      case ASSETS -> AssetsCluster.start(checkedAssets(), data, authority, token, clock);
      case KUBECONFIG -> KubeconfigCluster.join(kubeconfig);
    };
  }

  private boolean hasAssets() {
    return assets != null && AssetsCluster.areIn(assets);
  }

  private Path checkedAssets() {
    if (assets == null || !AssetsCluster.areIn(assets)) {
      throw new IllegalStateException(
          "KUBEBUILDER_ASSETS=%s holds no etcd and kube-apiserver; set it to a folder that does,"
                  .formatted(assets == null ? "" : assets)
              + " such as the one that setup-envtest use -p path prints");
    }
    return assets;
  }
}

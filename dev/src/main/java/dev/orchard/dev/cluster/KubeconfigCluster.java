package dev.orchard.dev.cluster;

import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * The user's own cluster. Whatever kind of credential their kubeconfig holds, dev works with the
 * token of a service account of its own there, {@code orchard-system/orchard-dev}, which is bound
 * to {@code cluster-admin}; what it creates in the cluster stays there.
 */
public final class KubeconfigCluster implements Cluster {
  private static final String ACCOUNT = "orchard-dev";

  private final String context;
  private final ClusterAccess access;

  private KubeconfigCluster(String context, ClusterAccess access) {
    this.context = context;
    this.access = access;
  }

  /**
   * Joins the current context's cluster.
   *
   * @param kubeconfig absent: what KUBECONFIG or the home folder names, as kubectl would find it
   */
  public static KubeconfigCluster join(@Nullable Path kubeconfig) {
    Config config =
        kubeconfig == null
            ? Config.autoConfigure(null)
            : Config.fromKubeconfig(kubeconfig.toFile());
    if (config.getCurrentContext() == null) {
      throw new IllegalStateException(
          "no current context in %s; choose one with kubectl config use-context NAME"
              .formatted(kubeconfig == null ? "your kubeconfig" : kubeconfig));
    }
    if (config.isTrustCerts()) {
      throw new IllegalStateException(
          "context %s skips the check of the server's certificate; give its cluster a"
                  .formatted(config.getCurrentContext().getName())
              + " certificate-authority instead");
    }
    try (KubernetesClient client = new KubernetesClientBuilder().withConfig(config).build()) {
      return new KubeconfigCluster(
          config.getCurrentContext().getName(),
          new ClusterAccess(
              URI.create(config.getMasterUrl()), caCertificate(config), adminToken(client)));
    }
  }

  @Override
  public String description() {
    return "your cluster of context %s at %s".formatted(context, access.server());
  }

  @Override
  public ClusterAccess access() {
    return access;
  }

  /** For all that is known it runs in a container, or elsewhere. */
  @Override
  public boolean reachesLoopback() {
    return false;
  }

  /** Nothing was started. */
  @Override
  public void close() {}

  private static String adminToken(KubernetesClient client) {
    Preparation.namespace(client);
    client
        .resource(
            new ServiceAccountBuilder()
                .withNewMetadata()
                .withName(ACCOUNT)
                .withNamespace(Preparation.NAMESPACE)
                .endMetadata()
                .build())
        .serverSideApply();
    client
        .resource(
            new ClusterRoleBindingBuilder()
                .withNewMetadata()
                .withName(ACCOUNT)
                .endMetadata()
                .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", "cluster-admin")
                .addNewSubject(null, "ServiceAccount", ACCOUNT, Preparation.NAMESPACE)
                .build())
        .serverSideApply();
    return Preparation.token(client, ACCOUNT);
  }

  private static @Nullable String caCertificate(Config config) {
    if (config.getCaCertData() != null) {
      return new String(
          Base64.getDecoder().decode(config.getCaCertData()), StandardCharsets.US_ASCII);
    }
    if (config.getCaCertFile() == null) {
      return null;
    }
    try {
      return Files.readString(Path.of(config.getCaCertFile()));
    } catch (IOException e) {
      throw new UncheckedIOException("certificate authority of the kubeconfig", e);
    }
  }
}

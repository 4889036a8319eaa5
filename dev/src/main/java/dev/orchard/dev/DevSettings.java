package dev.orchard.dev;

import dev.orchard.dev.cluster.ClusterChoice;
import dev.orchard.dev.guest.RuntimeChoice;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Everything about a dev system that can be set.
 *
 * @param data all that it keeps and writes; one dev system at a time
 * @param assets folder of etcd and kube-apiserver ({@code KUBEBUILDER_ASSETS})
 * @param kubeconfig for {@link ClusterChoice#KUBECONFIG}; the one that kubectl would use if absent
 * @param path folders to look for programs in ({@code PATH})
 */
public record DevSettings(
    Path data,
    ClusterChoice cluster,
    RuntimeChoice runtime,
    @Nullable Path assets,
    @Nullable Path kubeconfig,
    String path) {
  /** With what the environment says of programs. */
  public static DevSettings of(
      Path data, ClusterChoice cluster, RuntimeChoice runtime, Map<String, String> environment) {
    return new DevSettings(
        data.toAbsolutePath().normalize(),
        cluster,
        runtime,
        Optional.ofNullable(environment.get("KUBEBUILDER_ASSETS"))
            .filter(value -> !value.isEmpty())
            .map(Path::of)
            .orElse(null),
        null,
        environment.getOrDefault("PATH", ""));
  }

  /** A copy that stands on the current context of that file. */
  public DevSettings withKubeconfig(Path kubeconfig) {
    return new DevSettings(data, ClusterChoice.KUBECONFIG, runtime, assets, kubeconfig, path);
  }
}

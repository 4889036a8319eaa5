package dev.orchard.dev;

import dev.orchard.dev.cluster.ClusterChoice;
import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.worker.road.HttpProxy;
import dev.orchard.worker.road.Transport;
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
 * @param transport by which the worker speaks to the controller
 * @param proxy for that; absent: none
 * @param path folders to look for programs in ({@code PATH})
 */
public record DevSettings(
    Path data,
    ClusterChoice cluster,
    RuntimeChoice runtime,
    @Nullable Path assets,
    @Nullable Path kubeconfig,
    Transport transport,
    @Nullable HttpProxy proxy,
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
        Transport.AUTO,
        null,
        environment.getOrDefault("PATH", ""));
  }

  /** A copy that stands on the current context of that file. */
  public DevSettings withKubeconfig(Path kubeconfig) {
    return new DevSettings(
        data, ClusterChoice.KUBECONFIG, runtime, assets, kubeconfig, transport, proxy, path);
  }

  /** A copy whose worker takes that road. */
  public DevSettings withTransport(Transport transport, @Nullable HttpProxy proxy) {
    return new DevSettings(data, cluster, runtime, assets, kubeconfig, transport, proxy, path);
  }
}

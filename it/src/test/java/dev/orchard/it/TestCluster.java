package dev.orchard.it;

import dev.orchard.dev.DevSettings;
import dev.orchard.dev.cluster.AssetsCluster;
import dev.orchard.dev.cluster.ClusterChoice;
import dev.orchard.dev.guest.RuntimeChoice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.k3s.K3sContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * The real API server of a test: the binaries of {@code KUBEBUILDER_ASSETS}, else K3s in a
 * container where a Docker engine answers; that one cannot pass requests on to a controller of this
 * machine. Where there is neither, tests fail in CI and are skipped elsewhere.
 */
public sealed interface TestCluster extends AutoCloseable {
  /** Settings for a dev system on this cluster. */
  DevSettings settings(Path data, RuntimeChoice runtime);

  @Override
  void close();

  static TestCluster start() {
    DevSettings settings =
        DevSettings.of(Path.of(""), ClusterChoice.ASSETS, RuntimeChoice.AUTO, System.getenv());
    if (settings.assets() != null && AssetsCluster.areIn(settings.assets())) {
      return new Assets();
    }
    Prerequisite.require(
        DockerClientFactory.instance().isDockerAvailable(),
        "KUBEBUILDER_ASSETS holds no kube-apiserver, and no Docker engine answers");
    K3sContainer container = new K3sContainer(DockerImageName.parse("rancher/k3s:v1.34.1-k3s1"));
    container.start();
    return new K3s(container);
  }

  /** Started anew for each dev system, by it and in its own folder. */
  record Assets() implements TestCluster {
    @Override
    public DevSettings settings(Path data, RuntimeChoice runtime) {
      return DevSettings.of(data, ClusterChoice.ASSETS, runtime, System.getenv());
    }

    @Override
    public void close() {}
  }

  /** For one dev system: two would have a worker of the same name in it. */
  record K3s(K3sContainer container) implements TestCluster {
    @Override
    public DevSettings settings(Path data, RuntimeChoice runtime) {
      Path kubeconfig = data.resolveSibling("k3s.kubeconfig");
      try {
        Files.writeString(kubeconfig, container.getKubeConfigYaml());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return DevSettings.of(data, ClusterChoice.KUBECONFIG, runtime, System.getenv())
          .withKubeconfig(kubeconfig);
    }

    @Override
    public void close() {
      container.stop();
    }
  }
}

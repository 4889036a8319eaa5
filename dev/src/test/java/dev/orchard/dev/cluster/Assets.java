package dev.orchard.dev.cluster;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.Optional;

/** The binaries of a real API server: tests that need them fail in CI where there are none. */
final class Assets {
  private Assets() {}

  static Path folder() {
    Optional<Path> folder =
        Optional.ofNullable(System.getenv("KUBEBUILDER_ASSETS"))
            .map(Path::of)
            .filter(AssetsCluster::areIn);
    if (System.getenv("CI") == null) {
      assumeTrue(folder.isPresent(), "KUBEBUILDER_ASSETS holds no etcd and kube-apiserver");
    }
    return folder.orElseThrow(
        () -> new AssertionError("KUBEBUILDER_ASSETS must hold etcd and kube-apiserver in CI"));
  }
}

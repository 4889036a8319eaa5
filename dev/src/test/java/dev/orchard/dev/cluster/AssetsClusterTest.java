package dev.orchard.dev.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMSpec;
import dev.orchard.dev.secret.OwnerFiles;
import dev.orchard.dev.tls.CertificateAuthority;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AssetsClusterTest {
  @TempDir private Path folder;

  @Test
  void findsItsObjectsAgainWhenItIsStartedAgain() throws Exception {
    try (Cluster cluster = start();
        KubernetesClient client = cluster.access().newClient()) {
      Preparation.apply(client, Clock.systemUTC());
      client.resource(vm("hello")).create();
      assertThat(new Kubectl(folder, cluster.access()).run("get", "vms").output())
          .contains("hello");
      ClusterAccess wrong =
          new ClusterAccess(cluster.access().server(), cluster.access().caCertificate(), "wrong");
      assertThat(new Kubectl(folder, wrong).run("get", "vms").output()).contains("Unauthorized");
      assertThat(Preparation.workerToken(client, "laptop")).contains(".");
    }
    assertThat(pidFiles()).isEmpty();

    try (Cluster cluster = start();
        KubernetesClient client = cluster.access().newClient()) {
      assertThat(client.resource(vm("hello")).get()).isNotNull();
    }
  }

  @Test
  void isJoinedByAKubeconfigWithATokenOfDevsOwn() {
    Path kubeconfig = folder.resolve("kubeconfig");
    try (Cluster cluster = start()) {
      OwnerFiles.write(
          kubeconfig,
          Kubeconfig.yaml(cluster.access(), cluster.access().server(), "no controller's CA"));

      Cluster joined = KubeconfigCluster.join(kubeconfig);

      assertThat(joined.access().token()).isNotEqualTo(cluster.access().token());
      assertThat(joined.description()).contains("orchard-dev");
      try (KubernetesClient client = joined.access().newClient()) {
        Preparation.apply(client, Clock.systemUTC());
        assertThat(client.resource(vm("hello")).create().getMetadata().getUid()).isNotEmpty();
      }
    }
  }

  @Test
  void endsWhatAKilledOneLeftRunning() throws Exception {
    Cluster abandoned = start();
    List<ProcessHandle> left =
        pidFiles().stream().map(AssetsClusterTest::pid).map(ProcessHandle::of).toList().stream()
            .flatMap(Optional::stream)
            .toList();
    assertThat(left).hasSize(2).allMatch(ProcessHandle::isAlive);

    try (Cluster _ = start()) {
      await().untilAsserted(() -> assertThat(left).noneMatch(ProcessHandle::isAlive));
    }
    abandoned.close();
  }

  @Test
  void sparesAProcessThatOnlyHasThePidOfANotedOne() throws Exception {
    Process bystander = new ProcessBuilder("sleep", "600").start();
    try {
      Files.writeString(
          folder.resolve("etcd.pid"), bystander.pid() + "\n1000000\n/usr/bin/sleep\n");

      Daemon.sweep(folder);

      assertThat(bystander.isAlive()).isTrue();
      assertThat(folder.resolve("etcd.pid")).doesNotExist();
    } finally {
      bystander.destroyForcibly();
    }
  }

  private Cluster start() {
    return AssetsCluster.start(
        Assets.folder(),
        folder.resolve("cluster"),
        CertificateAuthority.in(folder.resolve("pki"), "ca", Clock.systemUTC()),
        "secret",
        Clock.systemUTC());
  }

  private List<Path> pidFiles() throws Exception {
    try (var files = Files.list(folder.resolve("cluster"))) {
      return files.filter(file -> file.toString().endsWith(".pid")).toList();
    }
  }

  private static long pid(Path file) {
    return Long.parseLong(OwnerFiles.read(file).lines().findFirst().orElseThrow());
  }

  private static VM vm(String name) {
    VM vm = new VM();
    vm.setMetadata(new ObjectMetaBuilder().withName(name).withNamespace("default").build());
    vm.setSpec(VMSpec.ofImage("default"));
    return vm;
  }
}

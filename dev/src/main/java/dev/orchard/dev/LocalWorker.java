package dev.orchard.dev;

import com.sun.management.OperatingSystemMXBean;
import dev.orchard.crds.Conditions;
import dev.orchard.dev.cluster.Preparation;
import dev.orchard.dev.guest.GuestSupply;
import dev.orchard.dev.secret.OwnerFiles;
import dev.orchard.dev.tls.CertificateAuthority;
import dev.orchard.worker.Worker;
import dev.orchard.worker.WorkerSettings;
import dev.orchard.worker.qemu.Accelerator;
import dev.orchard.worker.qemu.GuestImage;
import dev.orchard.worker.road.HttpProxy;
import dev.orchard.worker.road.ReplicaAddress;
import dev.orchard.worker.road.Transport;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The one worker of a dev system.
 *
 * @param data of its VMs and sessions
 * @param transport by which it speaks to the controller
 * @param proxy for that; absent: none
 */
record LocalWorker(
    Path data,
    GuestSupply supply,
    CertificateAuthority authority,
    Transport transport,
    @Nullable HttpProxy proxy) {
  static final String NAME = "laptop";
  static final String IMAGE = "default";

  private static final Duration READY_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(50);

  // A laptop's VMs are mostly idle: far more may share its processors than it has.
  private static final int VMS_PER_PROCESSOR = 8;

  /** Starts it with an account and a token of its own. */
  Worker start(KubernetesClient kubernetes, ReplicaAddress controller) throws InterruptedException {
    Path token = OwnerFiles.folder(data).resolve("token");
    OwnerFiles.write(token, Preparation.workerToken(kubernetes, NAME));
    return Worker.start(
        new WorkerSettings(
            NAME,
            data,
            List.of(controller),
            transport,
            proxy,
            authority.certificateFile(),
            token,
            List.of(runtime()),
            images(),
            agentCommand(),
            Runtime.getRuntime().availableProcessors() * VMS_PER_PROCESSOR,
            memoryMib(),
            0,
            Accelerator.AUTO));
  }

  /** Waits until VMs can be placed on it, by what was reported of it since then. */
  void awaitReady(KubernetesClient kubernetes, Instant since, Clock clock)
      throws InterruptedException {
    Instant deadline = clock.instant().plus(READY_TIMEOUT);
    while (!isReady(kubernetes, since)) {
      if (clock.instant().isAfter(deadline)) {
        throw new IllegalStateException(
            "worker %s is not Ready after %d s: %s"
                .formatted(NAME, READY_TIMEOUT.toSeconds(), object(kubernetes)));
      }
      Thread.sleep(POLL);
    }
  }

  private static boolean isReady(KubernetesClient kubernetes, Instant since) {
    Lease lease =
        kubernetes
            .leases()
            .inNamespace(Preparation.NAMESPACE)
            .withName("orchard-worker-" + NAME)
            .get();
    dev.orchard.crds.worker.Worker worker = object(kubernetes);
    return lease != null
        && lease.getSpec().getRenewTime().toInstant().isAfter(since)
        && worker != null
        && Conditions.isTrue(worker.statusOrEmpty().conditions(), "Ready");
  }

  private static dev.orchard.crds.worker.Worker object(KubernetesClient kubernetes) {
    return kubernetes.resources(dev.orchard.crds.worker.Worker.class).withName(NAME).get();
  }

  private String runtime() {
    return switch (supply) {
      case GuestSupply.Qemu _ -> "qemu";
      case GuestSupply.Processes _ -> "process";
    };
  }

  private Map<String, GuestImage> images() {
    return switch (supply) {
      case GuestSupply.Qemu(Path _, Path image) ->
          Map.of(
              IMAGE,
              new GuestImage(
                  image.resolve("vmlinuz"), image.resolve("initrd"), image.resolve("root.ext4")));
      case GuestSupply.Processes _ -> Map.of();
    };
  }

  private List<String> agentCommand() {
    return switch (supply) {
      case GuestSupply.Qemu _ -> List.of();
      case GuestSupply.Processes(List<String> command, String _) -> command;
    };
  }

  private static long memoryMib() {
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return (system.getTotalMemorySize() >> 20) / 2;
  }
}

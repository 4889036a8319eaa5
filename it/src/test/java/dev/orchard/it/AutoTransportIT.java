package dev.orchard.it;

import static org.awaitility.Awaitility.await;

import dev.orchard.crds.Conditions;
import dev.orchard.crds.worker.Worker;
import dev.orchard.dev.cluster.Preparation;
import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.worker.WorkerSettings;
import dev.orchard.worker.qemu.Accelerator;
import dev.orchard.worker.road.ReplicaAddress;
import dev.orchard.worker.road.Transport;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker that is told both roads to a replica. */
class AutoTransportIT {
  private static final String NAME = "auto";

  @Test
  void takesTheRoadOverHttpWhereGrpcDoesNotGetThrough(@TempDir Path folder) throws Exception {
    DevSystem system = DevSystem.with(RuntimeChoice.PROCESS);
    KubernetesClient kubernetes = system.kubernetes();
    Path token =
        Files.writeString(folder.resolve("token"), Preparation.workerToken(kubernetes, NAME));
    try (dev.orchard.worker.Worker _ =
        dev.orchard.worker.Worker.start(
            new WorkerSettings(
                NAME,
                folder.resolve("data"),
                // Nothing listens on the first.
                List.of(ReplicaAddress.parse("127.0.0.1:1|" + system.url())),
                Transport.AUTO,
                null,
                system.certificateAuthority(),
                token,
                List.of("process"),
                Map.of(),
                List.of("/bin/false"),
                1,
                // Too little for any VM of another test to be placed here.
                1,
                0,
                Accelerator.TCG))) {
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> {
            Worker worker = kubernetes.resources(Worker.class).withName(NAME).get();
            return worker != null
                && Conditions.isTrue(worker.statusOrEmpty().conditions(), "Ready");
          });
    } finally {
      kubernetes.resources(Worker.class).withName(NAME).delete();
    }
  }
}

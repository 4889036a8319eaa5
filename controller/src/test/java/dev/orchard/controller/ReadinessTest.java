package dev.orchard.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.orchard.controller.worker.ClusterObjects;
import dev.orchard.controller.worker.Links;
import dev.orchard.crds.Conditions;
import dev.orchard.crds.worker.Worker;
import dev.orchard.crds.worker.WorkerSpec;
import dev.orchard.crds.worker.WorkerStatus;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ReadinessTest {
  @Test
  void waitsForTheWorkersThatAreThereButNotForEver() {
    try (TestApi api = new TestApi()) {
      Worker worker = new Worker();
      worker.setMetadata(new ObjectMetaBuilder().withName("w1").build());
      worker.setSpec(new WorkerSpec(false));
      Worker created = api.own().resource(worker).create();
      created.setStatus(
          WorkerStatus.EMPTY.withCondition(
              Conditions.of(WorkerStatus.READY, Conditions.TRUE, "Linked", "", Instant.EPOCH)));
      api.own().resource(created).updateStatus();
      try (ClusterObjects objects = new ClusterObjects(api.own())) {
        Instant[] now = {Instant.EPOCH};
        Readiness readiness =
            new Readiness(objects, new Links(), () -> now[0], Instant.ofEpochSecond(30));
        await().until(objects::synced);

        assertThat(readiness.ready()).isFalse();
        now[0] = Instant.ofEpochSecond(31);
        assertThat(readiness.ready()).isTrue();
        now[0] = Instant.EPOCH;
        assertThat(readiness.ready()).isTrue();
      }
    }
  }
}

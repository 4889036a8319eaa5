package dev.orchard.controller;

import dev.orchard.controller.worker.ClusterObjects;
import dev.orchard.controller.worker.Links;
import dev.orchard.crds.Conditions;
import dev.orchard.crds.worker.Worker;
import dev.orchard.crds.worker.WorkerStatus;
import java.time.Instant;
import java.time.InstantSource;

/**
 * Whether clients should be sent to this replica: it has seen all objects, and the workers that are
 * there have found it, or have had the time to. Once ready it stays so.
 */
final class Readiness {
  private final ClusterObjects objects;
  private final Links links;
  private final InstantSource clock;
  private final Instant withoutWorkers;
  private volatile boolean ready;

  Readiness(ClusterObjects objects, Links links, InstantSource clock, Instant withoutWorkers) {
    this.objects = objects;
    this.links = links;
    this.clock = clock;
    this.withoutWorkers = withoutWorkers;
  }

  boolean ready() {
    if (!ready && objects.synced()) {
      ready = allLinked() || clock.instant().isAfter(withoutWorkers);
    }
    return ready;
  }

  private boolean allLinked() {
    return objects.workers().stream()
        .filter(Readiness::isThere)
        .allMatch(worker -> links.link(worker.getMetadata().getName()).isPresent());
  }

  private static boolean isThere(Worker worker) {
    return Conditions.isTrue(worker.statusOrEmpty().conditions(), WorkerStatus.READY);
  }
}

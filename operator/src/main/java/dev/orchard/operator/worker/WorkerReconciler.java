package dev.orchard.operator.worker;

import dev.orchard.crds.Conditions;
import dev.orchard.crds.worker.Worker;
import dev.orchard.crds.worker.WorkerStatus;
import dev.orchard.operator.Versioned;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a Worker's condition Ready from its Lease: True while a controller renews it, Unknown when
 * it has stopped. Never False: whether VMs still run on a silent host, nobody knows.
 */
public final class WorkerReconciler implements Reconciler<Worker> {
  /** A worker's Lease is named so, and then by the worker. */
  public static final String LEASE_PREFIX = "orchard-worker-";

  private static final Logger log = LoggerFactory.getLogger(WorkerReconciler.class);
  private static final Duration DEFAULT_LEASE = Duration.ofSeconds(40);

  private final String namespace;
  private final Connectivity connectivity;
  private final InstantSource clock;

  /** By worker; each entry belongs to the thread that reconciles that worker. */
  private final Map<String, Heartbeat> heartbeats = new ConcurrentHashMap<>();

  @SuppressWarnings("NullAway.Init")
  private InformerEventSource<Lease, Worker> leases;

  /**
   * @param namespace in which the Leases are
   */
  public WorkerReconciler(String namespace, Connectivity connectivity, InstantSource clock) {
    this.namespace = namespace;
    this.connectivity = connectivity;
    this.clock = clock;
  }

  @Override
  public List<EventSource<?, Worker>> prepareEventSources(EventSourceContext<Worker> context) {
    leases =
        new InformerEventSource<>(
            InformerEventSourceConfiguration.from(Lease.class, Worker.class)
                .withNamespaces(namespace)
                .withSecondaryToPrimaryMapper(WorkerReconciler::worker)
                .build(),
            context);
    return List.of(leases);
  }

  private static Set<ResourceID> worker(Lease lease) {
    String name = lease.getMetadata().getName();
    return name.startsWith(LEASE_PREFIX)
        ? Set.of(new ResourceID(name.substring(LEASE_PREFIX.length())))
        : Set.of();
  }

  @Override
  public UpdateControl<Worker> reconcile(Worker worker, Context<Worker> context) {
    String name = worker.getMetadata().getName();
    Instant now = clock.instant();

    LeaseSpec lease =
        leases
            .get(new ResourceID(LEASE_PREFIX + name, namespace))
            .map(Lease::getSpec)
            .filter(spec -> spec.getRenewTime() != null)
            .orElse(null);
    WorkerStatus before = worker.statusOrEmpty();
    Optional<Condition> known = Conditions.find(before.conditions(), WorkerStatus.READY);
    if (lease == null) {
      // A worker's first moment, and the time to forget those that are no more.
      heartbeats
          .keySet()
          .removeIf(
              w -> w.equals(name) || context.getPrimaryCache().get(new ResourceID(w)).isEmpty());
    }
    Observation observed = observe(name, lease, known, now);

    WorkerStatus after = before.withCondition(observed.ready());
    if (!after.equals(before)) {
      worker.setStatus(after);
      if (!Versioned.updateStatus(context.getClient(), worker)) {
        return UpdateControl.noUpdate();
      }
      log.info(
          "worker judged worker={} ready={} reason={}",
          name,
          observed.ready().getStatus(),
          observed.ready().getReason());
    }
    UpdateControl<Worker> done = UpdateControl.noUpdate();
    return observed.recheck() == null
        ? done
        : done.rescheduleAfter(Duration.between(now, observed.recheck()).plusMillis(1));
  }

  private record Observation(Condition ready, @Nullable Instant recheck) {}

  private Observation observe(
      String name, @Nullable LeaseSpec lease, Optional<Condition> known, Instant now) {
    if (lease == null) {
      String message = "no controller has had a link to it; start the worker and see its log";
      return new Observation(ready(Conditions.UNKNOWN, "NoHeartbeat", message, now), null);
    }
    Instant renewed = lease.getRenewTime().toInstant();
    Heartbeat heartbeat =
        heartbeats.merge(
            name, Heartbeat.first(renewed, now), (old, fresh) -> old.next(fresh.renewed(), now));
    Duration lasts =
        lease.getLeaseDurationSeconds() == null
            ? DEFAULT_LEASE
            : Duration.ofSeconds(lease.getLeaseDurationSeconds());
    Condition silent =
        ready(
            Conditions.UNKNOWN,
            "Silent",
            "no controller has had a link to it since "
                + renewed
                + "; see whether the host and the worker run, and whether they reach a controller",
            now);
    return switch (heartbeat.judge(lasts, connectivity.since(), now)) {
      case Heartbeat.Verdict.Alive(Instant until) ->
          new Observation(ready(Conditions.TRUE, "Linked", "", now), until);
      case Heartbeat.Verdict.Undecided(Instant until) ->
          new Observation(known.orElse(silent), until);
      case Heartbeat.Verdict.Silent() -> new Observation(silent, null);
    };
  }

  private static Condition ready(String status, String reason, String message, Instant now) {
    return Conditions.of(WorkerStatus.READY, status, reason, message, now);
  }
}

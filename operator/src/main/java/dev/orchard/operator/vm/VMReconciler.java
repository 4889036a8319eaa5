package dev.orchard.operator.vm;

import dev.orchard.crds.Conditions;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMStatus;
import dev.orchard.crds.worker.Worker;
import dev.orchard.operator.Versioned;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Cleaner;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.DeleteControl;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.IndexedResourceCache;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.inbound.SimpleInboundEventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives each VM to a worker, once, and lets it go when that worker holds nothing of it any more.
 *
 * <ol>
 *   <li>A VM without a worker is placed; it tries again whenever a worker changes or room is freed.
 *   <li>A VM is taken from its worker only when that one has said that it is gone, or when its
 *       Worker object has been deleted. Silence never moves a VM: it may well run on.
 *   <li>A deleted VM keeps its finalizer until the worker has let go, on the same two grounds.
 * </ol>
 */
public final class VMReconciler implements Reconciler<VM>, Cleaner<VM> {
  private static final Logger log = LoggerFactory.getLogger(VMReconciler.class);

  private static final String BY_WORKER = "workerName";
  private static final String UNPLACED = "";

  /** Beside the events: against whatever none of them tells. */
  private static final Duration RETRY = Duration.ofSeconds(30);

  private final InstantSource clock;
  private final PlacementLedger ledger = new PlacementLedger();
  private final SimpleInboundEventSource<VM> room = new SimpleInboundEventSource<>("room");

  @SuppressWarnings("NullAway.Init")
  private InformerEventSource<Worker, VM> workers;

  public VMReconciler(InstantSource clock) {
    this.clock = clock;
  }

  @Override
  public List<EventSource<?, VM>> prepareEventSources(EventSourceContext<VM> context) {
    context
        .getPrimaryCache()
        .addIndexer(
            BY_WORKER,
            vm -> List.of(Objects.requireNonNullElse(vm.statusOrEmpty().workerName(), UNPLACED)));
    workers =
        new InformerEventSource<>(
            InformerEventSourceConfiguration.from(Worker.class, VM.class)
                .withSecondaryToPrimaryMapper(worker ->
                    Stream.of(worker.getMetadata().getName(), UNPLACED)
                        .flatMap(name -> ids(context.getPrimaryCache(), name).stream())
                        .collect(Collectors.toSet()))
                .build(),
            context);
    return List.of(workers, room);
  }

  private static Set<ResourceID> ids(IndexedResourceCache<VM> vms, String workerName) {
    return vms.byIndex(BY_WORKER, workerName).stream()
        .map(ResourceID::fromResource)
        .collect(Collectors.toSet());
  }

  @Override
  public UpdateControl<VM> reconcile(VM vm, Context<VM> context) {
    Instant now = clock.instant();
    VMStatus before = vm.statusOrEmpty();
    VMStatus after = before;
    if (before.workerName() != null
        && (PlacementLedger.gone(before) || deserted(before, context))) {
      after = unplaced(before, now);
    }
    if (after.workerName() == null) {
      after = placed(vm, after, context, now);
    }
    boolean moved = !Objects.equals(before.workerName(), after.workerName());
    after = after.withState(VMStates.of(after, false, ready(after), vm.getSpec().powerState()));
    if (!after.equals(before)) {
      vm.setStatus(after);
      if (!write(vm, context)) {
        return UpdateControl.noUpdate();
      }
      if (moved) {
        log.info("vm moved vm={} from={} to={}", name(vm), before.workerName(), after.workerName());
      }
    }
    UpdateControl<VM> done = UpdateControl.noUpdate();
    return after.workerName() == null ? done.rescheduleAfter(RETRY) : done;
  }

  @Override
  public DeleteControl cleanup(VM vm, Context<VM> context) {
    VMStatus before = vm.statusOrEmpty();
    if (before.workerName() == null || PlacementLedger.gone(before) || deserted(before, context)) {
      ledger.forget(vm.getMetadata().getUid());
      ids(context.getPrimaryCache(), UNPLACED).forEach(room::propagateEvent);
      log.info("vm let go vm={} worker={}", name(vm), before.workerName());
      return DeleteControl.defaultDelete();
    }
    VMStatus after =
        before.withState(VMStates.of(before, true, ready(before), vm.getSpec().powerState()));
    if (!after.equals(before)) {
      vm.setStatus(after);
      Versioned.updateStatus(context.getClient(), vm);
    }
    return DeleteControl.noFinalizerRemoval();
  }

  private VMStatus placed(VM vm, VMStatus status, Context<VM> context, Instant now) {
    Placement placement =
        ledger.place(
            vm,
            () -> workers.list(_ -> true).toList(),
            () -> context.getPrimaryCache().list(_ -> true).toList());
    return switch (placement) {
      case Placement.On(String worker) ->
          status
              .withWorkerName(worker)
              .withCondition(
                  Conditions.of(
                      VMStatus.SCHEDULED, Conditions.TRUE, "Placed", "on worker " + worker, now));
      case Placement.Nowhere(String reason, String message) ->
          status.withCondition(
              Conditions.of(VMStatus.SCHEDULED, Conditions.FALSE, reason, message, now));
    };
  }

  private boolean write(VM vm, Context<VM> context) {
    boolean written = false;
    try {
      written = Versioned.updateStatus(context.getClient(), vm);
      return written;
    } finally {
      if (!written) {
        ledger.forget(vm.getMetadata().getUid());
      }
    }
  }

  /**
   * What the controller wrote of the boot that is no more goes too, above all the reason {@code
   * Gone}: it would take the VM from its next worker again.
   */
  private static VMStatus unplaced(VMStatus status, Instant now) {
    String message = "taken from worker " + status.workerName() + ", which has it no more";
    return status
        .withWorkerName(null)
        .withBootID(null)
        .withGuest(null)
        .withCondition(Conditions.of(VMStatus.READY, Conditions.UNKNOWN, "Unplaced", message, now))
        .withCondition(
            Conditions.of(VMStatus.AGENT_CONNECTED, Conditions.FALSE, "Unplaced", message, now));
  }

  /** Whether the Worker object has been deleted. The cache may lag: the API server is asked. */
  private boolean deserted(VMStatus status, Context<VM> context) {
    String name = Objects.requireNonNull(status.workerName());
    return workers.get(new ResourceID(name)).isEmpty()
        && context.getClient().resources(Worker.class).withName(name).get() == null;
  }

  private boolean ready(VMStatus status) {
    return status.workerName() != null
        && workers
            .get(new ResourceID(status.workerName()))
            .filter(worker -> worker.statusOrEmpty().ready())
            .isPresent();
  }

  private static String name(VM vm) {
    return vm.getMetadata().getNamespace() + "/" + vm.getMetadata().getName();
  }
}

package dev.orchard.operator.vmexec;

import dev.orchard.crds.Conditions;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vmexec.Binding;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecExit;
import dev.orchard.crds.vmexec.VMExecStatus;
import dev.orchard.crds.worker.Worker;
import dev.orchard.operator.Versioned;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.IndexedResourceCache;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Binds a VMExec once, ends what never became possible or is lost, and deletes what is over and has
 * lived long enough. What a worker can report is none of its business.
 *
 * <p>It judges by its caches first; before it acts it judges again by what the API server says now,
 * since absence from a cache proves nothing.
 */
public final class VMExecReconciler implements Reconciler<VMExec> {
  private static final Logger log = LoggerFactory.getLogger(VMExecReconciler.class);

  private static final String BY_VM = "vmName";
  private static final String BY_WORKER = "workerName";

  private final InstantSource clock;

  @SuppressWarnings("NullAway.Init")
  private InformerEventSource<VM, VMExec> vms;

  @SuppressWarnings("NullAway.Init")
  private InformerEventSource<Worker, VMExec> workers;

  public VMExecReconciler(InstantSource clock) {
    this.clock = clock;
  }

  @Override
  public List<EventSource<?, VMExec>> prepareEventSources(EventSourceContext<VMExec> context) {
    // What has ended is in neither index: no VM and no worker concerns it any more.
    context
        .getPrimaryCache()
        .addIndexer(
            BY_VM,
            exec ->
                exec.statusOrEmpty().ended()
                    ? List.of()
                    : List.of(key(exec, exec.getSpec().vmName())));
    context
        .getPrimaryCache()
        .addIndexer(
            BY_WORKER,
            exec -> {
              Binding bound = exec.statusOrEmpty().boundTo();
              return bound == null || exec.statusOrEmpty().ended()
                  ? List.of()
                  : List.of(bound.workerName());
            });
    vms =
        new InformerEventSource<>(
            InformerEventSourceConfiguration.from(VM.class, VMExec.class)
                .withSecondaryToPrimaryMapper(vm ->
                    ids(context.getPrimaryCache(), BY_VM, key(vm, vm.getMetadata().getName())))
                .build(),
            context);
    workers =
        new InformerEventSource<>(
            InformerEventSourceConfiguration.from(Worker.class, VMExec.class)
                .withSecondaryToPrimaryMapper(worker ->
                    ids(context.getPrimaryCache(), BY_WORKER, worker.getMetadata().getName()))
                .build(),
            context);
    return List.of(vms, workers);
  }

  private static Set<ResourceID> ids(
      IndexedResourceCache<VMExec> execs, String index, String value) {
    return execs.byIndex(index, value).stream()
        .map(ResourceID::fromResource)
        .collect(Collectors.toSet());
  }

  @Override
  public UpdateControl<VMExec> reconcile(VMExec exec, Context<VMExec> context) {
    Instant now = clock.instant();
    Judgement cached = judge(exec, vms::get, name -> workers.get(new ResourceID(name)), now);
    KubernetesClient live = context.getClient();
    return switch (cached) {
      case Judgement.Bind _, Judgement.End _ ->
          act(
              exec,
              judge(
                  exec,
                  id ->
                      Optional.ofNullable(
                          live.resources(VM.class)
                              .inNamespace(id.getNamespace().orElseThrow())
                              .withName(id.getName())
                              .get()),
                  name -> Optional.ofNullable(live.resources(Worker.class).withName(name).get()),
                  now),
              context,
              now);
      case Judgement.Wait _, Judgement.Leave _, Judgement.Remove _ ->
          act(exec, cached, context, now);
    };
  }

  private UpdateControl<VMExec> act(
      VMExec exec, Judgement judgement, Context<VMExec> context, Instant now) {
    VMExecStatus status = exec.statusOrEmpty().described(exec.getSpec().command());
    return switch (judgement) {
      case Judgement.Bind(Binding binding) -> {
        if (write(exec, status.bound(binding, now), context)) {
          log.info(
              "exec bound exec={} worker={} boot={}",
              key(exec, exec.getMetadata().getName()),
              binding.workerName(),
              binding.bootID());
        }
        yield UpdateControl.noUpdate();
      }
      case Judgement.End(VMExecExit exit) -> {
        if (write(exec, status.finished(exit, null, now, now), context)) {
          log.info(
              "exec ended exec={} reason={} message={}",
              key(exec, exec.getMetadata().getName()),
              exit.reason().word(),
              exit.message());
        }
        yield UpdateControl.noUpdate();
      }
      case Judgement.Wait(String missing, Instant until) -> {
        write(
            exec,
            status.withCondition(
                Conditions.of(VMExecStatus.BOUND, Conditions.FALSE, "Waiting", missing, now)),
            context);
        yield later(until, now);
      }
      case Judgement.Leave(Optional<Instant> until) ->
          until.map(at -> later(at, now)).orElse(UpdateControl.noUpdate());
      case Judgement.Remove() -> {
        Versioned.delete(context.getClient(), exec);
        yield UpdateControl.noUpdate();
      }
    };
  }

  private static boolean write(VMExec exec, VMExecStatus status, Context<VMExec> context) {
    if (status.equals(exec.getStatus())) {
      return false;
    }
    exec.setStatus(status);
    return Versioned.updateStatus(context.getClient(), exec);
  }

  private static UpdateControl<VMExec> later(Instant until, Instant now) {
    return UpdateControl.<VMExec>noUpdate()
        .rescheduleAfter(Duration.between(now, until).plusMillis(1));
  }

  private static Judgement judge(
      VMExec exec,
      Function<ResourceID, Optional<VM>> vms,
      Function<String, Optional<Worker>> workers,
      Instant now) {
    ResourceID id = new ResourceID(exec.getSpec().vmName(), exec.getMetadata().getNamespace());
    VM vm = vms.apply(id).orElse(null);
    Worker worker = Judgement.workerName(exec, vm).flatMap(workers).orElse(null);
    return Judgement.of(exec, vm, worker, now);
  }

  private static String key(HasMetadata resource, String name) {
    return resource.getMetadata().getNamespace() + "/" + name;
  }
}

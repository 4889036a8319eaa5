package dev.orchard.controller.session;

import dev.orchard.controller.auth.KubernetesApi;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.worker.ClusterObjects;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMStatus;
import dev.orchard.crds.vmexec.Binding;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Waits for VMs in which commands can run. */
public final class VmGate {
  private final ClusterObjects objects;
  private final KubernetesClient own;

  public VmGate(ClusterObjects objects, KubernetesClient own) {
    this.objects = objects;
    this.own = own;
  }

  /** The VM as the informer has it, else as the API has it; 404 if there is none. */
  public VM require(String namespace, String name) {
    return objects
        .vm(namespace, name)
        .or(() ->
            Optional.ofNullable(
                KubernetesApi.call(
                    () -> own.resources(VM.class).inNamespace(namespace).withName(name).get())))
        .orElseThrow(() -> ApiException.notFound("vm", namespace, name));
  }

  /** The VM's present boot, once its agent is connected: 404, 408 or 417 if that never comes. */
  public Binding awaitReady(String namespace, String name, Duration patience)
      throws InterruptedException {
    Semaphore changes = new Semaphore(0);
    Runnable listener = changes::release;
    objects.onChange(listener);
    try {
      long deadline = System.nanoTime() + patience.toNanos();
      while (true) {
        changes.drainPermits();
        VM vm = require(namespace, name);
        Optional<Binding> ready = ready(vm);
        if (ready.isPresent()) {
          return ready.get();
        }
        long left = deadline - System.nanoTime();
        if (left <= 0 || !changes.tryAcquire(left, TimeUnit.NANOSECONDS)) {
          throw new ApiException(408, "vm-not-ready", notReady(vm, patience));
        }
      }
    } finally {
      objects.forget(listener);
    }
  }

  private static Optional<Binding> ready(VM vm) {
    VMStatus status = vm.statusOrEmpty();
    String name = vm.getMetadata().getName();
    if (vm.getMetadata().getDeletionTimestamp() != null) {
      throw ApiException.conflict("vm-deleted", "vm %s is being deleted".formatted(name));
    }
    Optional<Condition> ready = status.condition(VMStatus.READY);
    if (ready.filter(c -> VMStatus.REASON_FAILED.equals(c.getReason())).isPresent()) {
      throw new ApiException(
          417,
          "vm-failed",
          "vm %s is in a terminal state 'failed': %s".formatted(name, ready.get().getMessage()));
    }
    return status.isTrue(VMStatus.AGENT_CONNECTED)
            && status.workerName() != null
            && status.bootID() != null
        ? Optional.of(new Binding(vm.getMetadata().getUid(), status.workerName(), status.bootID()))
        : Optional.empty();
  }

  private static String notReady(VM vm, Duration patience) {
    VMStatus status = vm.statusOrEmpty();
    String name = vm.getMetadata().getName();
    String worker = status.workerName();
    if (worker == null) {
      return "vm %s was not placed on any worker within %d s: %s"
          .formatted(
              name,
              patience.toSeconds(),
              status
                  .condition(VMStatus.SCHEDULED)
                  .map(Condition::getMessage)
                  .orElse("no operator has looked at it"));
    }
    return "vm %s on worker %s was not ready within %d s: %s"
        .formatted(
            name,
            worker,
            patience.toSeconds(),
            status
                .condition(VMStatus.READY)
                .filter(c -> !VMStatus.REASON_RUNNING.equals(c.getReason()))
                .map(c -> c.getReason() + " " + c.getMessage())
                .orElse("no agent is connected in it"));
  }
}

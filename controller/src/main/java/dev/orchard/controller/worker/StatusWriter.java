package dev.orchard.controller.worker;

import dev.orchard.crds.Conditions;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMStatus;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecStatus;
import dev.orchard.crds.worker.Worker;
import dev.orchard.crds.worker.WorkerCapacity;
import dev.orchard.crds.worker.WorkerSpec;
import dev.orchard.crds.worker.WorkerStatus;
import dev.orchard.proto.worker.v1.Register;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Writes what workers report into objects: read, change own fields, write with the resourceVersion
 * that was read, and again from a fresh copy where somebody else was quicker. All methods block;
 * they throw {@link KubernetesClientException} for what is worth another try.
 */
public final class StatusWriter {
  /** The operator takes a worker for silent when its Lease is so old. */
  private static final int LEASE_SECONDS = 40;

  private static final int CONFLICT = 409;
  private static final int NOT_FOUND = 404;

  private final KubernetesClient own;
  private final String namespace;
  private final String replica;

  /** Writes with this replica's own client. */
  public StatusWriter(KubernetesClient own, String namespace, String replica) {
    this.own = own;
    this.namespace = namespace;
    this.replica = replica;
  }

  /** The exec as the API server has it now, or null if there is none of its UID. */
  @Nullable VMExec live(VMExec exec) {
    return sameUid(exec, own.resource(exec).get());
  }

  /** The exec of this UID, whatever its name, as the API server has it now; null if none. */
  @Nullable VMExec find(String uid) {
    return own.resources(VMExec.class).inAnyNamespace().list().getItems().stream()
        .filter(exec -> exec.getMetadata().getUid().equals(uid))
        .findFirst()
        .orElse(null);
  }

  /** As {@link #find}, for VMs. */
  @Nullable VM findVm(String uid) {
    return own.resources(VM.class).inAnyNamespace().list().getItems().stream()
        .filter(vm -> vm.getMetadata().getUid().equals(uid))
        .findFirst()
        .orElse(null);
  }

  /**
   * Changes an exec's status.
   *
   * @return the object as it stands then, or null if there is none of its UID any more
   */
  public @Nullable VMExec write(VMExec exec, UnaryOperator<VMExecStatus> change) {
    VMExec current = exec;
    while (current != null) {
      VMExecStatus before = current.statusOrEmpty();
      VMExecStatus after = change.apply(before);
      if (after.equals(before)) {
        return current;
      }
      VMExec changed = own.getKubernetesSerialization().clone(current);
      changed.setStatus(after);
      if (update(own.resource(changed))) {
        return changed;
      }
      current = live(current);
    }
    return null;
  }

  /** Changes a VM's status; nothing if there is no VM of its UID any more. */
  void write(VM vm, UnaryOperator<VMStatus> change) {
    VM current = vm;
    while (current != null) {
      VMStatus before = current.statusOrEmpty();
      VMStatus after = change.apply(before);
      if (after.equals(before)) {
        return;
      }
      VM changed = own.getKubernetesSerialization().clone(current);
      changed.setStatus(after);
      if (update(own.resource(changed))) {
        return;
      }
      current = sameUid(vm, own.resource(vm).get());
    }
  }

  /** Makes the Worker object of a worker that registered, where there is none, and fills it. */
  void registered(Register register) {
    Worker found = own.resources(Worker.class).withName(register.getWorker()).get();
    Worker current = found == null ? create(register.getWorker()) : found;
    while (current != null) {
      WorkerStatus before = current.statusOrEmpty();
      WorkerStatus after =
          before
              .withRegistration(
                  new WorkerCapacity(
                      register.getCapacity().getCpu(), register.getCapacity().getMemoryMib()),
                  register.getOs(),
                  register.getArch(),
                  register.getRuntimesList(),
                  register.getCapabilitiesList(),
                  register.getVersion())
              .withCondition(diskPressure(register.getDiskPressure()));
      if (after.equals(before)) {
        return;
      }
      Worker changed = own.getKubernetesSerialization().clone(current);
      changed.setStatus(after);
      if (update(own.resource(changed))) {
        return;
      }
      current = own.resources(Worker.class).withName(register.getWorker()).get();
    }
  }

  private static Condition diskPressure(String why) {
    return why.isEmpty()
        ? Conditions.of(WorkerStatus.DISK_PRESSURE, Conditions.FALSE, "Room", "", Instant.now())
        : Conditions.of(WorkerStatus.DISK_PRESSURE, Conditions.TRUE, "NoRoom", why, Instant.now());
  }

  private Worker create(String name) {
    Worker worker = new Worker();
    worker.setMetadata(new ObjectMetaBuilder().withName(name).build());
    worker.setSpec(new WorkerSpec(false));
    return own.resource(worker).create();
  }

  /** Renews the worker's Lease in this replica's name, which says that it has its link. */
  void renewLease(String worker) {
    String name = "orchard-worker-" + worker;
    ZonedDateTime now = Instant.now().truncatedTo(ChronoUnit.MICROS).atZone(ZoneOffset.UTC);
    Resource<Lease> resource = own.leases().inNamespace(namespace).withName(name);
    Lease lease = resource.get();
    if (lease == null) {
      own.leases()
          .inNamespace(namespace)
          .resource(
              new LeaseBuilder()
                  .withNewMetadata()
                  .withName(name)
                  .endMetadata()
                  .withNewSpec()
                  .withHolderIdentity(replica)
                  .withLeaseDurationSeconds(LEASE_SECONDS)
                  .withAcquireTime(now)
                  .withRenewTime(now)
                  .endSpec()
                  .build())
          .create();
      return;
    }
    own.resource(
            new LeaseBuilder(lease)
                .editSpec()
                .withHolderIdentity(replica)
                .withLeaseDurationSeconds(LEASE_SECONDS)
                .withRenewTime(now)
                .endSpec()
                .build())
        .update();
  }

  /** False if somebody else was quicker, or the object is gone. */
  private static <T extends HasMetadata> boolean update(Resource<T> resource) {
    try {
      resource.updateStatus();
      return true;
    } catch (KubernetesClientException e) {
      if (e.getCode() == CONFLICT || e.getCode() == NOT_FOUND) {
        return false;
      }
      throw e;
    }
  }

  private static <T extends HasMetadata> @Nullable T sameUid(HasMetadata wanted, @Nullable T live) {
    return live != null && live.getMetadata().getUid().equals(wanted.getMetadata().getUid())
        ? live
        : null;
  }
}

package dev.orchard.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMSpec;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecSpec;
import dev.orchard.crds.worker.Worker;
import dev.orchard.crds.worker.WorkerCapacity;
import dev.orchard.crds.worker.WorkerSpec;
import dev.orchard.operator.worker.WorkerReconciler;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.function.Consumer;

/**
 * The hands of everybody but the operator: of users who create objects, and of a controller that
 * writes what its workers say, by resource version as all do.
 */
final class Cluster {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final KubernetesClient client;
  private final String namespace;
  private final String leaseNamespace;

  /**
   * @param namespace for VMs and VMExecs
   * @param leaseNamespace for the workers' Leases
   */
  Cluster(KubernetesClient client, String namespace, String leaseNamespace) {
    this.client = client;
    this.namespace = namespace;
    this.leaseNamespace = leaseNamespace;
  }

  /** A worker registers, and a controller holds its link for an hour. */
  Worker register(String name, int cpu, long memoryMib) {
    return register(name, cpu, memoryMib, 3600);
  }

  Worker register(String name, int cpu, long memoryMib, int leaseSeconds) {
    Worker worker = new Worker();
    worker.setMetadata(new ObjectMetaBuilder().withName(name).build());
    worker.setSpec(new WorkerSpec(false));
    client.resource(worker).create();
    writeStatus(
        worker,
        w ->
            w.setStatus(
                w.statusOrEmpty()
                    .withRegistration(
                        new WorkerCapacity(cpu, memoryMib),
                        "linux",
                        "amd64",
                        Fixtures.RUNTIMES,
                        List.of(),
                        "test")));
    client
        .resource(
            new LeaseBuilder()
                .withNewMetadata()
                .withName(WorkerReconciler.LEASE_PREFIX + name)
                .withNamespace(leaseNamespace)
                .endMetadata()
                .withNewSpec()
                .withHolderIdentity("controller-0")
                .withLeaseDurationSeconds(leaseSeconds)
                .withRenewTime(Instant.now().atZone(ZoneOffset.UTC))
                .endSpec()
                .build())
        .create();
    return worker;
  }

  /** The controller renews the Lease. */
  void beat(String workerName) {
    Lease lease =
        client
            .leases()
            .inNamespace(leaseNamespace)
            .withName(WorkerReconciler.LEASE_PREFIX + workerName)
            .get();
    lease.getSpec().setRenewTime(Instant.now().atZone(ZoneOffset.UTC));
    client.resource(lease).update();
  }

  VM create(String name, VMSpec spec) {
    VM vm = new VM();
    vm.setMetadata(new ObjectMetaBuilder().withName(name).withNamespace(namespace).build());
    vm.setSpec(spec);
    return client.resource(vm).create();
  }

  VMExec create(String name, VMExecSpec spec) {
    VMExec exec = new VMExec();
    exec.setMetadata(new ObjectMetaBuilder().withName(name).withNamespace(namespace).build());
    exec.setSpec(spec);
    return client.resource(exec).create();
  }

  void delete(HasMetadata resource) {
    client.resource(resource).delete();
  }

  /** The worker says that the VM runs and that its agent answers. */
  void run(VM vm, String bootID) {
    writeStatus(vm, v -> v.setStatus(Fixtures.running(v.statusOrEmpty(), bootID, Instant.now())));
  }

  /** The worker says that it holds nothing of the VM any more. */
  void letGo(VM vm) {
    writeStatus(vm, v -> v.setStatus(Fixtures.gone(v.statusOrEmpty(), Instant.now())));
  }

  <R extends HasMetadata> void writeStatus(R resource, Consumer<R> change) {
    write(resource, change, r -> client.resource(r).updateStatus());
  }

  <R extends HasMetadata> void write(R resource, Consumer<R> change) {
    write(resource, change, r -> client.resource(r).update());
  }

  private <R extends HasMetadata> void write(R resource, Consumer<R> change, Consumer<R> update) {
    await()
        .atMost(PATIENCE)
        .until(() -> {
          R current = client.resource(resource).get();
          change.accept(current);
          try {
            update.accept(current);
            return true;
          } catch (KubernetesClientException e) {
            if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
              return false;
            }
            throw e;
          }
        });
  }

  /** Waits until the object is as demanded. */
  <R extends HasMetadata> void eventually(R resource, Consumer<R> demand) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> demand.accept(client.resource(resource).require()));
  }

  /** Waits until the object is no more. */
  void eventuallyGone(HasMetadata resource) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(client.resource(resource).get()).isNull());
  }

  String leaseNamespace() {
    return leaseNamespace;
  }

  /** As it is now. */
  <R extends HasMetadata> R now(R resource) {
    return client.resource(resource).require();
  }
}

package dev.orchard.operator;

import dev.orchard.crds.Conditions;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMSpec;
import dev.orchard.crds.vm.VMStatus;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecSpec;
import dev.orchard.crds.worker.Worker;
import dev.orchard.crds.worker.WorkerCapacity;
import dev.orchard.crds.worker.WorkerSpec;
import dev.orchard.crds.worker.WorkerStatus;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.time.Instant;
import java.util.List;

/** Objects as the other parts would write them. */
public final class Fixtures {
  public static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  /** Of every worker here. */
  static final List<String> RUNTIMES = List.of("process");

  private Fixtures() {}

  /** Ready, with runtime {@code process}. */
  public static Worker worker(String name, int cpu, long memoryMib) {
    Worker worker = new Worker();
    worker.setMetadata(new ObjectMetaBuilder().withName(name).build());
    worker.setSpec(new WorkerSpec(false));
    worker.setStatus(
        WorkerStatus.EMPTY
            .withRegistration(
                new WorkerCapacity(cpu, memoryMib), "linux", "amd64", RUNTIMES, List.of(), "test")
            .withCondition(Conditions.of(WorkerStatus.READY, Conditions.TRUE, "Linked", "", NOW)));
    return worker;
  }

  /** Without status. Its UID is its name with {@code uid-} before it. */
  public static VM vm(String name, VMSpec spec) {
    VM vm = new VM();
    vm.setMetadata(
        new ObjectMetaBuilder()
            .withName(name)
            .withNamespace("default")
            .withUid("uid-" + name)
            .withCreationTimestamp(NOW.toString())
            .build());
    vm.setSpec(spec);
    return vm;
  }

  /** Runs, with its agent connected. */
  public static VM running(String name, String workerName, String bootID) {
    VM vm = vm(name, VMSpec.ofImage("default"));
    vm.setStatus(running(VMStatus.EMPTY.withWorkerName(workerName), bootID, NOW));
    return vm;
  }

  /** As the controller writes it when the worker says that the VM runs and the agent answers. */
  public static VMStatus running(VMStatus status, String bootID, Instant now) {
    return status
        .withBootID(bootID)
        .withCondition(
            Conditions.of(VMStatus.READY, Conditions.TRUE, VMStatus.REASON_RUNNING, "", now))
        .withCondition(
            Conditions.of(VMStatus.AGENT_CONNECTED, Conditions.TRUE, "Connected", "", now));
  }

  /** As the controller writes it when the worker holds nothing of the VM any more. */
  public static VMStatus gone(VMStatus status, Instant now) {
    return status
        .withBootID(null)
        .withCondition(
            Conditions.of(VMStatus.READY, Conditions.FALSE, VMStatus.REASON_GONE, "", now))
        .withCondition(
            Conditions.of(
                VMStatus.AGENT_CONNECTED, Conditions.FALSE, VMStatus.REASON_GONE, "", now));
  }

  /** Created at {@link #NOW}, without status. */
  public static VMExec exec(String name, VMExecSpec spec) {
    VMExec exec = new VMExec();
    exec.setMetadata(
        new ObjectMetaBuilder()
            .withName(name)
            .withNamespace("default")
            .withCreationTimestamp(NOW.toString())
            .build());
    exec.setSpec(spec);
    return exec;
  }
}

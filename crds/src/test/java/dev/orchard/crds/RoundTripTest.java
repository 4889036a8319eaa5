package dev.orchard.crds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.crds.vm.PowerState;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMGuest;
import dev.orchard.crds.vm.VMSpec;
import dev.orchard.crds.vm.VMState;
import dev.orchard.crds.vm.VMStatus;
import dev.orchard.crds.vmexec.Binding;
import dev.orchard.crds.vmexec.DisconnectPolicy;
import dev.orchard.crds.vmexec.EnvVar;
import dev.orchard.crds.vmexec.OnLimit;
import dev.orchard.crds.vmexec.OutputSpec;
import dev.orchard.crds.vmexec.OutputStatus;
import dev.orchard.crds.vmexec.Stdin;
import dev.orchard.crds.vmexec.Tty;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecExit;
import dev.orchard.crds.vmexec.VMExecExitReason;
import dev.orchard.crds.vmexec.VMExecSpec;
import dev.orchard.crds.vmexec.VMExecStatus;
import dev.orchard.crds.worker.Worker;
import dev.orchard.crds.worker.WorkerCapacity;
import dev.orchard.crds.worker.WorkerSpec;
import dev.orchard.crds.worker.WorkerStatus;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Of every record, through the mapper alone; {@code AcceptanceTest} sends the same to a server. */
class RoundTripTest {
  static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  static final Binding BINDING = new Binding("uid-1", "w1", "boot-1");

  private final KubernetesSerialization serialization = new KubernetesSerialization();

  static VMExecSpec fullExecSpec() {
    return VMExecSpec.of("hello", List.of("/bin/sh", "-c", "echo $A"))
        .target(BINDING)
        .env(List.of(new EnvVar("A", "b"), new EnvVar("_C", "")))
        .workingDir("/tmp")
        .user("nobody")
        .stdin(Stdin.ATTACH)
        .tty(new Tty(50, 132))
        .disconnectPolicy(DisconnectPolicy.TERMINATE)
        .startTimeoutSeconds(5)
        .timeoutSeconds(0)
        .idleTimeoutSeconds(7)
        .terminationGracePeriodSeconds(0)
        .output(new OutputSpec(1048576L, OnLimit.BLOCK, 1024))
        .ttlSecondsAfterFinished(0)
        .requestedBy("alice")
        .build();
  }

  static VMExecStatus fullExecStatus() {
    return VMExecStatus.EMPTY
        .described(List.of("/bin/sh", "-c", "echo $A"))
        .bound(BINDING, NOW)
        .running(NOW, NOW)
        .finished(
            new VMExecExit(null, "TERM", VMExecExitReason.TIMED_OUT, true, "too long"),
            new OutputStatus(3, 4, 1, "hi\n"),
            NOW.plusSeconds(3),
            NOW);
  }

  static VMSpec fullVmSpec() {
    return VMSpec.ofImage("debian")
        .withRuntime("qemu")
        .withSize(4, 8192)
        .withWorkerSelector(Map.of("zone", "a"))
        .withPowerState(PowerState.STOPPED);
  }

  static VMStatus fullVmStatus() {
    return VMStatus.EMPTY
        .withState(VMState.RUNNING)
        .withWorkerName("w1")
        .withBootID("boot-1")
        .withGuest(new VMGuest("orchard", "i-1", "0.1", "linux", List.of("tty")))
        .withCondition(
            Conditions.of(VMStatus.READY, Conditions.TRUE, VMStatus.REASON_RUNNING, "", NOW));
  }

  static WorkerStatus fullWorkerStatus() {
    return WorkerStatus.EMPTY
        .withRegistration(
            new WorkerCapacity(8, 16384),
            "linux",
            "amd64",
            List.of("qemu", "process"),
            List.of("exec-v1"),
            "0.1")
        .withCondition(Conditions.of(WorkerStatus.READY, Conditions.TRUE, "Linked", "", NOW));
  }

  static <S, T, R extends CustomResource<S, T>> R named(R resource, String name, S spec, T status) {
    resource.setStatus(status);
    return named(resource, name, spec);
  }

  static <S, T, R extends CustomResource<S, T>> R named(R resource, String name, S spec) {
    resource.setMetadata(new ObjectMetaBuilder().withName(name).build());
    resource.setSpec(spec);
    return resource;
  }

  @Test
  void everythingThatAVmExecSaysComesBack() {
    VMExec exec = named(new VMExec(), "e", fullExecSpec(), fullExecStatus());

    VMExec back = serialization.unmarshal(serialization.asJson(exec), VMExec.class);

    assertThat(back.getSpec()).isEqualTo(exec.getSpec());
    assertThat(back.getStatus()).isEqualTo(exec.getStatus());
  }

  @Test
  void everythingThatAVmSaysComesBack() {
    VM vm = named(new VM(), "v", fullVmSpec(), fullVmStatus());

    VM back = serialization.unmarshal(serialization.asJson(vm), VM.class);

    assertThat(back.getSpec()).isEqualTo(vm.getSpec());
    assertThat(back.getStatus()).isEqualTo(vm.getStatus());
  }

  @Test
  void everythingThatAWorkerSaysComesBack() {
    Worker worker = named(new Worker(), "w", new WorkerSpec(true), fullWorkerStatus());

    Worker back = serialization.unmarshal(serialization.asJson(worker), Worker.class);

    assertThat(back.getSpec()).isEqualTo(worker.getSpec());
    assertThat(back.getStatus()).isEqualTo(worker.getStatus());
  }

  @Test
  void whatIsAbsentHasTheSchemasDefaultsAndFieldsOfALaterVersionAreIgnored() {
    VMExec exec =
        serialization.unmarshal(
            """
            apiVersion: orchard.dev/v1alpha1
            kind: VMExec
            metadata: {name: e}
            spec: {vmName: hello, command: ["true"], stdin: {later: 1}, evenLater: {x: y}}
            """,
            VMExec.class);

    assertThat(exec.getSpec()).isEqualTo(VMExecSpec.of("hello", List.of("true")).build());
  }

  @Test
  void writesTheWordsOfTheDesignAndNothingThatIsAbsent() {
    VMExec exec =
        named(
            new VMExec(),
            "e",
            VMExecSpec.of("hello", List.of("true")).build(),
            VMExecStatus.EMPTY.bound(BINDING, NOW));

    assertThat(serialization.asJson(exec))
        .contains("\"boundTo\":{\"vmUID\":\"uid-1\",\"workerName\":\"w1\",\"bootID\":\"boot-1\"}")
        .contains("\"state\":\"Bound\"")
        .contains("\"stdin\":{\"type\":\"None\"}")
        .doesNotContain("null", "ended", "stateOrPending");
  }
}

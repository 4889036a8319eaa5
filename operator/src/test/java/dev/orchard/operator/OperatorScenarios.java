package dev.orchard.operator;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.crds.Conditions;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMSpec;
import dev.orchard.crds.vm.VMState;
import dev.orchard.crds.vm.VMStatus;
import dev.orchard.crds.vmexec.Binding;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecExit;
import dev.orchard.crds.vmexec.VMExecExitReason;
import dev.orchard.crds.vmexec.VMExecSpec;
import dev.orchard.crds.vmexec.VMExecState;
import dev.orchard.crds.vmexec.VMExecStatus;
import dev.orchard.crds.worker.Worker;
import dev.orchard.crds.worker.WorkerSpec;
import dev.orchard.crds.worker.WorkerStatus;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What the whole operator does, from outside: run against the stand-in by every build, and against
 * a real API server where there is one. Each test has namespaces of its own; workers, which have
 * none, are picked by label.
 */
@SuppressWarnings("NullAway.Init")
abstract class OperatorScenarios {
  private static final VMExecExit OK =
      new VMExecExit(0, null, VMExecExitReason.EXITED, false, null);

  private Operator operator;
  private Cluster cluster;
  private String run;

  abstract KubernetesClient client();

  /** A new namespace. */
  abstract String namespace();

  @BeforeEach
  void start() {
    run = namespace();
    OperatorSettings settings = new OperatorSettings(namespace());
    cluster = new Cluster(client(), run, settings.namespace());
    operator = Operator.start(client(), settings);
  }

  @AfterEach
  void stop() {
    operator.close();
    client().resources(VMExec.class).inNamespace(run).delete();
    client()
        .resources(VM.class)
        .inNamespace(run)
        .list()
        .getItems()
        .forEach(vm -> cluster.write(vm, v -> v.getMetadata().setFinalizers(List.of())));
    client().resources(VM.class).inNamespace(run).delete();
    client().resources(Worker.class).delete();
  }

  // Workers

  @Test
  void aWorkerIsReadyWhileItsLeaseIsRenewedAndUnknownWhenItFallsSilent() {
    Worker worker = cluster.register("w1", 2, 1024, 2);
    cluster.eventually(worker, w -> assertReady(w, Conditions.TRUE, "Linked"));

    cluster.eventually(worker, w -> assertReady(w, Conditions.UNKNOWN, "Silent"));

    cluster.beat("w1");
    cluster.eventually(worker, w -> assertReady(w, Conditions.TRUE, "Linked"));
    assertThat(cluster.now(worker).getStatus().os()).isEqualTo("linux");
  }

  // VMs

  @Test
  void aVmGoesToAWorkerAndItsStateFollowsWhatTheWorkerSays() {
    cluster.register("w1", 2, 1024);
    VM vm = cluster.create("hello", VMSpec.ofImage("default"));

    cluster.eventually(vm, v -> assertState(v, VMState.STARTING, "w1"));
    assertThat(cluster.now(vm).getMetadata().getFinalizers()).containsExactly(VM.FINALIZER);
    assertThat(cluster.now(vm).getStatus().isTrue(VMStatus.SCHEDULED)).isTrue();

    cluster.run(vm, "boot-1");
    cluster.eventually(vm, v -> assertState(v, VMState.RUNNING, "w1"));
    assertThat(cluster.now(vm).getStatus().bootID()).isEqualTo("boot-1");
  }

  @Test
  void aVmWaitsAndSaysForWhatUntilAWorkerComes() {
    VM vm = cluster.create("hello", VMSpec.ofImage("default"));
    cluster.eventually(vm, v -> assertUnscheduled(v, "NoWorkerReady"));

    cluster.register("w1", 1, 256);
    cluster.eventually(vm, v -> assertUnscheduled(v, "NoRoom"));

    cluster.register("w2", 1, 512);
    cluster.eventually(vm, v -> assertState(v, VMState.STARTING, "w2"));
  }

  @Test
  void anUnschedulableWorkerGetsNoVm() {
    Worker worker = cluster.register("w1", 2, 1024);
    cluster.write(worker, w -> w.setSpec(new WorkerSpec(true)));
    VM vm = cluster.create("hello", VMSpec.ofImage("default"));
    cluster.eventually(vm, v -> assertUnscheduled(v, "Unschedulable"));

    cluster.write(worker, w -> w.setSpec(new WorkerSpec(false)));

    cluster.eventually(vm, v -> assertState(v, VMState.STARTING, "w1"));
  }

  @Test
  void noRoomIsGivenAwayTwice() {
    cluster.register("w1", 4, 2048);
    cluster.register("w2", 4, 2048);

    List<VM> vms =
        IntStream.range(0, 12)
            .parallel()
            .mapToObj(i -> cluster.create("vm-" + i, VMSpec.ofImage("default").withSize(1, 512)))
            .toList();

    vms.forEach(vm ->
        cluster.eventually(
            vm, v -> assertThat(v.statusOrEmpty().condition(VMStatus.SCHEDULED)).isPresent()));
    List<String> placed =
        vms.stream()
            .map(vm -> cluster.now(vm).getStatus().workerName())
            .flatMap(Stream::ofNullable)
            .toList();
    assertThat(placed).hasSize(8);
    assertThat(placed.stream().filter("w1"::equals)).hasSize(4);
  }

  @Test
  void aDeletedVmStaysUntilItsWorkerHasLetGoAndThenLeavesItsRoom() {
    cluster.register("w1", 1, 512);
    VM first = cluster.create("first", VMSpec.ofImage("default"));
    cluster.eventually(first, v -> assertState(v, VMState.STARTING, "w1"));
    VM second = cluster.create("second", VMSpec.ofImage("default"));
    cluster.eventually(second, v -> assertUnscheduled(v, "NoRoom"));

    cluster.delete(first);
    cluster.eventually(first, v -> assertState(v, VMState.TERMINATING, "w1"));

    cluster.letGo(first);
    cluster.eventuallyGone(first);
    cluster.eventually(second, v -> assertState(v, VMState.STARTING, "w1"));
  }

  @Test
  void aDeletedVmWithoutAWorkerGoesAtOnce() {
    VM vm = cluster.create("hello", VMSpec.ofImage("default"));
    cluster.eventually(vm, v -> assertUnscheduled(v, "NoWorkerReady"));

    cluster.delete(vm);

    cluster.eventuallyGone(vm);
  }

  @Test
  void aDeletedVmDoesNotWaitForAWorkerThatWasDeletedToo() {
    Worker worker = cluster.register("w1", 1, 512);
    VM vm = cluster.create("hello", VMSpec.ofImage("default"));
    cluster.eventually(vm, v -> assertState(v, VMState.STARTING, "w1"));
    cluster.delete(vm);
    cluster.eventually(vm, v -> assertState(v, VMState.TERMINATING, "w1"));

    cluster.delete(worker);

    cluster.eventuallyGone(vm);
  }

  @Test
  void aSilentWorkerKeepsItsVms() {
    Worker worker = cluster.register("w1", 1, 512, 2);
    VM vm = cluster.create("hello", VMSpec.ofImage("default"));
    cluster.eventually(vm, v -> assertState(v, VMState.STARTING, "w1"));
    cluster.run(vm, "boot-1");
    cluster.register("w2", 1, 512);

    cluster.eventually(worker, w -> assertReady(w, Conditions.UNKNOWN, "Silent"));
    cluster.eventually(vm, v -> assertState(v, VMState.UNKNOWN, "w1"));

    cluster.beat("w1");
    cluster.eventually(vm, v -> assertState(v, VMState.RUNNING, "w1"));
    assertThat(cluster.now(vm).getStatus().bootID()).isEqualTo("boot-1");
  }

  @Test
  void aVmMovesWhenItsWorkerHasLostItOrWasDeleted() {
    Worker first = cluster.register("w1", 1, 512);
    VM vm = cluster.create("hello", VMSpec.ofImage("default"));
    cluster.eventually(vm, v -> assertState(v, VMState.STARTING, "w1"));
    cluster.run(vm, "boot-1");

    cluster.letGo(vm);
    cluster.eventually(
        vm,
        v -> {
          assertState(v, VMState.STARTING, "w1");
          assertThat(v.getStatus().condition(VMStatus.READY))
              .map(Condition::getReason)
              .contains("Unplaced");
        });

    cluster.register("w2", 1, 512);
    cluster.delete(first);
    cluster.eventually(vm, v -> assertState(v, VMState.STARTING, "w2"));
    assertThat(cluster.now(vm).getStatus().bootID()).isNull();
  }

  // VMExecs

  @Test
  void anExecIsBoundOnceItsVmHasItsAgent() {
    cluster.register("w1", 1, 512);
    VMExec exec = cluster.create("e", VMExecSpec.of("hello", List.of("echo", "a b")).build());
    cluster.eventually(
        exec,
        e -> {
          assertThat(e.statusOrEmpty().state()).isEqualTo(VMExecState.PENDING);
          assertThat(e.getStatus().commandSummary()).isEqualTo("echo 'a b'");
          assertBoundCondition(e, "VM hello does not exist");
        });
    VM vm = cluster.create("hello", VMSpec.ofImage("default"));
    cluster.eventually(vm, v -> assertState(v, VMState.STARTING, "w1"));
    cluster.eventually(exec, e -> assertBoundCondition(e, "VM hello does not run"));

    cluster.run(vm, "boot-1");

    cluster.eventually(
        exec,
        e -> {
          assertThat(e.statusOrEmpty().state()).isEqualTo(VMExecState.BOUND);
          assertThat(e.getStatus().boundTo())
              .isEqualTo(new Binding(vm.getMetadata().getUid(), "w1", "boot-1"));
          assertThat(e.getStatus().isTrue(VMExecStatus.BOUND)).isTrue();
        });
  }

  @Test
  void anExecWithATargetIsBoundToIt() {
    VM vm = runningVM("hello");
    Binding target = new Binding(vm.getMetadata().getUid(), "w1", "boot-7");

    VMExec exec =
        cluster.create("e", VMExecSpec.of("hello", List.of("true")).target(target).build());

    cluster.eventually(exec, e -> assertThat(e.statusOrEmpty().boundTo()).isEqualTo(target));
  }

  @Test
  void anExecThatNeverBecamePossibleEndsAtItsStartTimeout() {
    VMExec exec =
        cluster.create(
            "e", VMExecSpec.of("nobody", List.of("true")).startTimeoutSeconds(2).build());

    cluster.eventually(
        exec,
        e -> {
          VMExecExit exit = assertEnded(e, VMExecState.FAILED, VMExecExitReason.START_FAILED);
          assertThat(exit.message()).contains("not started within 2 s", "VM nobody does not exist");
          assertThat(exit.code()).isNull();
          assertThat(e.getStatus().exitSummary()).isEqualTo("StartFailed");
        });
  }

  @Test
  void anExecThatWasCancelledUnboundEndsAtOnce() {
    VMExec exec = cluster.create("e", VMExecSpec.of("nobody", List.of("true")).build());

    cluster.write(exec, e -> e.setSpec(e.getSpec().cancelled()));

    cluster.eventually(
        exec, e -> assertEnded(e, VMExecState.CANCELLED, VMExecExitReason.CANCELLED));
  }

  @Test
  void anExecIsLostWithItsVm() {
    VM vm = runningVM("hello");
    VMExec exec = boundExec("e");

    cluster.delete(vm);
    cluster.eventually(vm, v -> assertState(v, VMState.TERMINATING, "w1"));
    assertThat(cluster.now(exec).getStatus().ended()).isFalse();
    cluster.letGo(vm);

    cluster.eventually(exec, e -> assertEnded(e, VMExecState.LOST, VMExecExitReason.LOST));
  }

  @Test
  void anExecIsLostWithItsWorker() {
    runningVM("hello");
    VMExec exec = boundExec("e");

    client().resources(Worker.class).withName("w1").delete();

    cluster.eventually(exec, e -> assertEnded(e, VMExecState.LOST, VMExecExitReason.LOST));
  }

  @Test
  void theFirstEndStands() {
    VM vm = runningVM("hello");
    VMExec exec = boundExec("e");
    cluster.writeStatus(
        exec,
        e ->
            e.setStatus(
                e.getStatus()
                    .running(Instant.now(), Instant.now())
                    .finished(OK, null, Instant.now(), Instant.now())));

    cluster.delete(vm);
    cluster.letGo(vm);
    cluster.eventuallyGone(vm);
    VMExec marker = cluster.create("marker", VMExecSpec.of("hello", List.of("true")).build());
    cluster.eventually(
        marker, e -> assertThat(e.statusOrEmpty().state()).isEqualTo(VMExecState.PENDING));

    assertEnded(cluster.now(exec), VMExecState.SUCCEEDED, VMExecExitReason.EXITED);
  }

  @Test
  void anEndedExecIsDeletedAfterItsTimeToLive() {
    VMExec mortal =
        cluster.create(
            "mortal",
            VMExecSpec.of("nobody", List.of("true"))
                .startTimeoutSeconds(1)
                .ttlSecondsAfterFinished(1)
                .build());
    VMExec lasting =
        cluster.create(
            "lasting", VMExecSpec.of("nobody", List.of("true")).startTimeoutSeconds(1).build());

    cluster.eventuallyGone(mortal);
    cluster.eventually(
        lasting, e -> assertEnded(e, VMExecState.FAILED, VMExecExitReason.START_FAILED));
  }

  @Test
  void aNewOperatorGoesOnWhereTheOldOneStopped() {
    VM vm = runningVM("hello");
    VMExec waiting = cluster.create("waiting", VMExecSpec.of("later", List.of("true")).build());
    cluster.eventually(waiting, e -> assertBoundCondition(e, "VM later does not exist"));
    VMExec bound = boundExec("e");
    VMStatus before = cluster.now(vm).getStatus();
    operator.close();
    cluster.delete(waiting);
    VM another = cluster.create("another", VMSpec.ofImage("default"));

    operator = Operator.start(client(), new OperatorSettings(cluster.leaseNamespace()));

    cluster.eventually(another, v -> assertState(v, VMState.STARTING, "w1"));
    assertThat(cluster.now(vm).getStatus()).isEqualTo(before);
    assertThat(cluster.now(bound).getStatus().ended()).isFalse();
  }

  private VM runningVM(String name) {
    cluster.register("w1", 4, 4096);
    VM vm = cluster.create(name, VMSpec.ofImage("default"));
    cluster.eventually(vm, v -> assertState(v, VMState.STARTING, "w1"));
    cluster.run(vm, "boot-1");
    cluster.eventually(vm, v -> assertState(v, VMState.RUNNING, "w1"));
    return vm;
  }

  private VMExec boundExec(String name) {
    VMExec exec = cluster.create(name, VMExecSpec.of("hello", List.of("sleep", "9")).build());
    cluster.eventually(exec, e -> assertThat(e.statusOrEmpty().boundTo()).isNotNull());
    return exec;
  }

  private static void assertReady(Worker worker, String status, String reason) {
    assertThat(Conditions.find(worker.statusOrEmpty().conditions(), WorkerStatus.READY))
        .hasValueSatisfying(ready -> {
          assertThat(ready.getStatus()).isEqualTo(status);
          assertThat(ready.getReason()).isEqualTo(reason);
        });
  }

  private static void assertState(VM vm, VMState state, String workerName) {
    assertThat(vm.statusOrEmpty().state()).isEqualTo(state);
    assertThat(vm.statusOrEmpty().workerName()).isEqualTo(workerName);
  }

  private static void assertUnscheduled(VM vm, String reason) {
    assertThat(vm.statusOrEmpty().condition(VMStatus.SCHEDULED))
        .map(Condition::getReason)
        .contains(reason);
    assertThat(vm.getStatus().state()).isEqualTo(VMState.PENDING);
  }

  private static void assertBoundCondition(VMExec exec, String message) {
    assertThat(exec.statusOrEmpty().condition(VMExecStatus.BOUND))
        .hasValueSatisfying(bound -> {
          assertThat(bound.getStatus()).isEqualTo(Conditions.FALSE);
          assertThat(bound.getMessage()).startsWith(message);
        });
  }

  private static VMExecExit assertEnded(VMExec exec, VMExecState state, VMExecExitReason reason) {
    VMExecStatus status = exec.statusOrEmpty();
    assertThat(status.state()).isEqualTo(state);
    VMExecExit exit = requireNonNull(status.exit());
    assertThat(exit.reason()).isEqualTo(reason);
    assertThat(status.isTrue(VMExecStatus.FINISHED)).isTrue();
    assertThat(status.isTrue(VMExecStatus.SUCCEEDED)).isEqualTo(state == VMExecState.SUCCEEDED);
    return exit;
  }
}

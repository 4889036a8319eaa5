package dev.orchard.operator.vmexec;

import static dev.orchard.operator.Fixtures.NOW;
import static dev.orchard.operator.Fixtures.exec;
import static dev.orchard.operator.Fixtures.running;
import static dev.orchard.operator.Fixtures.vm;
import static dev.orchard.operator.Fixtures.worker;
import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.crds.Conditions;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMSpec;
import dev.orchard.crds.vm.VMStatus;
import dev.orchard.crds.vmexec.Binding;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecExit;
import dev.orchard.crds.vmexec.VMExecExitReason;
import dev.orchard.crds.vmexec.VMExecSpec;
import dev.orchard.crds.vmexec.VMExecStatus;
import dev.orchard.crds.worker.Worker;
import dev.orchard.crds.worker.WorkerStatus;
import dev.orchard.operator.vmexec.Judgement.Bind;
import dev.orchard.operator.vmexec.Judgement.End;
import dev.orchard.operator.vmexec.Judgement.Leave;
import dev.orchard.operator.vmexec.Judgement.Remove;
import dev.orchard.operator.vmexec.Judgement.Wait;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class JudgementTest {
  private static final Binding BINDING = new Binding("uid-hello", "w1", "boot-1");
  private static final Worker WORKER = worker("w1", 8, 8192);
  private static final Instant DEADLINE = NOW.plusSeconds(60);

  private final VMExec applied = exec("e", VMExecSpec.of("hello", List.of("true")).build());
  private final VMExec targeted =
      exec("e", VMExecSpec.of("hello", List.of("true")).target(BINDING).build());
  private final VMExec bound = exec("e", VMExecSpec.of("hello", List.of("true")).build());
  private final VM hello = running("hello", "w1", "boot-1");

  JudgementTest() {
    bound.setStatus(VMExecStatus.EMPTY.bound(BINDING, NOW));
  }

  @Test
  void bindsToTheBootThatRuns() {
    assertThat(Judgement.of(applied, hello, WORKER, NOW)).isEqualTo(new Bind(BINDING));
  }

  @Test
  void bindsToTheTargetBeforeTheAgentIsConnected() {
    VM starting = vm("hello", VMSpec.ofImage("default"));
    starting.setStatus(VMStatus.EMPTY.withWorkerName("w1"));

    assertThat(Judgement.of(targeted, starting, WORKER, NOW)).isEqualTo(new Bind(BINDING));
  }

  @Test
  void waitsUntilTheStartTimeoutAndSaysForWhat() {
    VM unplaced = vm("hello", VMSpec.ofImage("default"));
    unplaced.setStatus(
        VMStatus.EMPTY.withCondition(
            Conditions.of(VMStatus.SCHEDULED, Conditions.FALSE, "NoRoom", "add a worker", NOW)));
    VM starting = running("hello", "w1", "boot-1");
    starting.setStatus(
        starting
            .getStatus()
            .withCondition(
                Conditions.of(
                    VMStatus.READY, Conditions.FALSE, VMStatus.REASON_STARTING, "", NOW)));
    VM silent = running("hello", "w1", "boot-1");
    silent.setStatus(
        silent
            .getStatus()
            .withCondition(
                Conditions.of(VMStatus.AGENT_CONNECTED, Conditions.FALSE, "No", "booting", NOW)));
    VM leaving = running("hello", "w1", "boot-1");
    leaving.getMetadata().setDeletionTimestamp(NOW.toString());

    assertWaits(null, null, "VM hello does not exist");
    assertWaits(unplaced, null, "VM hello has no worker: add a worker");
    assertWaits(hello, silent(WORKER), "worker w1 of VM hello is not ready");
    assertWaits(hello, null, "worker w1 of VM hello is not ready");
    assertWaits(starting, WORKER, "VM hello does not run (Starting)");
    assertWaits(silent, WORKER, "the agent in VM hello has not connected: booting");
    assertWaits(leaving, WORKER, "VM hello is being deleted");
  }

  @Test
  void endsWhatNeverBecamePossible() {
    assertThat(Judgement.of(applied, null, null, DEADLINE))
        .isEqualTo(
            new End(
                VMExecExit.without(
                    VMExecExitReason.START_FAILED,
                    "not started within 60 s: VM hello does not exist; create it or correct"
                        + " spec.vmName")));
    assertThat(Judgement.of(applied, hello, silent(WORKER), DEADLINE))
        .isEqualTo(
            new End(
                VMExecExit.without(
                    VMExecExitReason.START_FAILED,
                    "not started within 60 s: worker w1 of VM hello is not ready")));
  }

  @Test
  void endsWhatWasReadyTooLate() {
    assertEnds(Judgement.of(applied, hello, WORKER, DEADLINE), VMExecExitReason.START_FAILED);
  }

  @Test
  void leavesATargetedOneToItsWorkerHoweverLate() {
    targeted.setSpec(targeted.getSpec().cancelled());

    assertThat(Judgement.of(targeted, hello, WORKER, DEADLINE)).isEqualTo(new Bind(BINDING));
  }

  @Test
  void endsWhatWasCancelledUnbound() {
    applied.setSpec(applied.getSpec().cancelled());

    assertEnds(Judgement.of(applied, hello, WORKER, NOW), VMExecExitReason.CANCELLED);
  }

  @Test
  void leavesACancelledBoundOneToItsWorker() {
    bound.setSpec(bound.getSpec().cancelled());

    assertThat(Judgement.of(bound, hello, WORKER, NOW)).isEqualTo(new Leave(Optional.empty()));
  }

  @Test
  void nothingIsTimedOutOnceBound() {
    assertThat(Judgement.of(bound, hello, WORKER, NOW.plusSeconds(1_000_000)))
        .isEqualTo(new Leave(Optional.empty()));
  }

  @Test
  void silenceLosesNothing() {
    assertThat(Judgement.of(bound, hello, silent(WORKER), NOW))
        .isEqualTo(new Leave(Optional.empty()));
  }

  @Test
  void isLostWithItsVm() {
    VM another = running("hello", "w1", "boot-1");
    another.getMetadata().setUid("uid-other");

    for (VMExec exec : List.of(bound, targeted)) {
      assertEnds(Judgement.of(exec, null, WORKER, NOW), VMExecExitReason.LOST);
      assertEnds(Judgement.of(exec, another, WORKER, NOW), VMExecExitReason.LOST);
    }
  }

  @Test
  void isLostWithItsWorker() {
    assertEnds(Judgement.of(bound, hello, null, NOW), VMExecExitReason.LOST);
  }

  @Test
  void aVmThatIsBeingDeletedMayStillReport() {
    hello.getMetadata().setDeletionTimestamp(NOW.toString());

    assertThat(Judgement.of(bound, hello, WORKER, NOW)).isEqualTo(new Leave(Optional.empty()));
  }

  @Test
  void believesAnotherBootOnlyWhenTheWorkerHasHadTimeToReport() {
    VM rebooted = running("hello", "w1", "boot-2");
    VM moved = running("hello", "w2", "boot-1");
    Instant believed = NOW.plus(Judgement.REPORT_GRACE);

    for (VM vm : List.of(rebooted, moved)) {
      assertThat(Judgement.of(bound, vm, WORKER, NOW)).isEqualTo(new Leave(Optional.of(believed)));
      assertEnds(Judgement.of(bound, vm, WORKER, believed), VMExecExitReason.LOST);
    }
  }

  @Test
  void aVmWithoutABootContradictsNothing() {
    hello.setStatus(hello.getStatus().withBootID(null));

    assertThat(Judgement.of(bound, hello, WORKER, NOW.plusSeconds(3600)))
        .isEqualTo(new Leave(Optional.empty()));
  }

  @Test
  void removesWhatHasLivedLongEnough() {
    VMExec mortal =
        exec("e", VMExecSpec.of("hello", List.of("true")).ttlSecondsAfterFinished(10).build());
    mortal.setStatus(ended(NOW.plusSeconds(5)));
    applied.setStatus(ended(NOW));

    assertThat(Judgement.of(mortal, hello, WORKER, NOW.plusSeconds(14)))
        .isEqualTo(new Leave(Optional.of(NOW.plusSeconds(15))));
    assertThat(Judgement.of(mortal, hello, WORKER, NOW.plusSeconds(15))).isEqualTo(new Remove());
    assertThat(Judgement.of(applied, null, null, NOW.plusSeconds(1_000_000)))
        .isEqualTo(new Leave(Optional.empty()));
  }

  @Test
  void anEndIsNeverJudgedAgain() {
    bound.setStatus(ended(NOW));

    assertThat(Judgement.of(bound, null, null, NOW)).isEqualTo(new Leave(Optional.empty()));
  }

  @Test
  void leavesWhatIsBeingDeletedAlone() {
    applied.getMetadata().setDeletionTimestamp(NOW.toString());

    assertThat(Judgement.of(applied, hello, WORKER, NOW)).isEqualTo(new Leave(Optional.empty()));
  }

  private void assertWaits(@Nullable VM vm, @Nullable Worker worker, String missing) {
    assertThat(Judgement.of(applied, vm, worker, NOW))
        .isInstanceOfSatisfying(
            Wait.class,
            wait -> {
              assertThat(wait.missing()).startsWith(missing);
              assertThat(wait.until()).isEqualTo(DEADLINE);
            });
  }

  private static void assertEnds(Judgement judgement, VMExecExitReason reason) {
    assertThat(judgement)
        .isInstanceOfSatisfying(
            End.class, end -> assertThat(end.exit().reason()).isEqualTo(reason));
  }

  private static VMExecStatus ended(Instant at) {
    return VMExecStatus.EMPTY
        .bound(BINDING, NOW)
        .finished(new VMExecExit(0, null, VMExecExitReason.EXITED, false, null), null, at, at);
  }

  private static Worker silent(Worker worker) {
    Worker silent = worker(worker.getMetadata().getName(), 8, 8192);
    silent.setStatus(
        silent
            .getStatus()
            .withCondition(
                Conditions.of(WorkerStatus.READY, Conditions.UNKNOWN, "Silent", "", NOW)));
    return silent;
  }
}

package dev.orchard.controller.worker;

import static dev.orchard.controller.Fixture.exited;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.orchard.controller.FakeWorker;
import dev.orchard.controller.Fixture;
import dev.orchard.controller.TestApi;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMGuest;
import dev.orchard.crds.vm.VMStatus;
import dev.orchard.crds.vmexec.OutputStatus;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecExit;
import dev.orchard.crds.vmexec.VMExecExitReason;
import dev.orchard.crds.vmexec.VMExecState;
import dev.orchard.crds.vmexec.VMExecStatus;
import dev.orchard.crds.worker.Worker;
import dev.orchard.crds.worker.WorkerCapacity;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.ProtoFrames;
import dev.orchard.exec.session.Dispatch;
import dev.orchard.proto.worker.v1.Attachment;
import dev.orchard.proto.worker.v1.ExecReport;
import dev.orchard.proto.worker.v1.ExecState;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.LinkHeartbeat;
import dev.orchard.proto.worker.v1.PowerState;
import dev.orchard.proto.worker.v1.PutVm;
import dev.orchard.proto.worker.v1.VmReport;
import dev.orchard.proto.worker.v1.VmState;
import dev.orchard.proto.worker.v1.WorkerReport;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.grpc.Status;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DispatchTest {
  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path folder;

  @SuppressWarnings("NullAway.Init")
  private Fixture fixture;

  @BeforeEach
  void start() {
    fixture = Fixture.start(folder);
  }

  @AfterEach
  void stop() {
    fixture.close();
  }

  private FakeWorker dial(String name, String token, boolean primary) {
    return FakeWorker.dial(
        fixture.controller.workerPort(), fixture.certificate, name, token, primary);
  }

  private static ExecReport.Builder report(VMExec exec, long revision, ExecState state) {
    return ExecReport.newBuilder()
        .setUid(exec.getMetadata().getUid())
        .setRevision(revision)
        .setState(state);
  }

  private static ExecReport finished(VMExec exec, Frame.Exit exit) {
    return report(exec, 9, ExecState.EXEC_FINISHED)
        .setStartTimeMs(1_000)
        .setCompletionTimeMs(3_000)
        .setExit(ProtoFrames.encodeExit(exit))
        .setStdoutBytes(exit.stdoutBytes())
        .setTail(ByteString.copyFromUtf8("end"))
        .build();
  }

  private static boolean starts(Instruction instruction, VMExec exec) {
    return instruction.hasStartExec()
        && instruction.getStartExec().getSpec().getUid().equals(exec.getMetadata().getUid());
  }

  @Test
  void letsWorkersInByTheirTokenAndUnderTheirOwnNameAlone() throws Exception {
    assertThat(dial("w1", "rubbish", true).over().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
    // Known to the API, but no token for this audience.
    assertThat(dial("w1", TestApi.ALICE, true).over().getCode())
        .isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThat(dial("w1", "worker:w2", true).over().getCode())
        .isEqualTo(Status.Code.PERMISSION_DENIED);
  }

  @Test
  void recordsAWorkerAndRenewsItsLease() throws Exception {
    try (FakeWorker worker = fixture.worker("w1")) {
      Worker object = fixture.kubernetes.resources(Worker.class).withName(worker.name()).get();
      assertThat(object.statusOrEmpty().capacity()).isEqualTo(new WorkerCapacity(4, 8_192));
      assertThat(object.statusOrEmpty().runtimes()).containsExactly("process");
      Lease lease =
          fixture
              .kubernetes
              .leases()
              .inNamespace("orchard-system")
              .withName("orchard-worker-w1")
              .get();
      assertThat(lease.getSpec().getLeaseDurationSeconds()).isEqualTo(40);
      assertThat(lease.getSpec().getHolderIdentity()).isEqualTo("controller-0");
    }
  }

  @Test
  void endsAWorkersOlderLinkForItsNewerOne() throws Exception {
    FakeWorker older = fixture.worker("w1");
    try (FakeWorker newer = fixture.worker("w1")) {
      assertThat(older.over().getCode()).isEqualTo(Status.Code.ABORTED);
      VM vm = fixture.placedVm("hello", newer.name());
      newer.take(i -> i.hasPutVm() && i.getPutVm().getUid().equals(vm.getMetadata().getUid()));
    }
  }

  @Test
  void putsVmsOntoTheirWorkerAndWritesWhatItReports() throws Exception {
    try (FakeWorker worker = fixture.worker("w1")) {
      VM vm = fixture.placedVm("hello", "w1");
      PutVm put = worker.take(Instruction::hasPutVm).getPutVm();
      assertThat(put.getName()).isEqualTo("hello");
      assertThat(put.getPowerState()).isEqualTo(PowerState.POWER_RUNNING);
      String uid = vm.getMetadata().getUid();
      worker.report(VmReport.newBuilder().setUid(uid).setState(VmState.VM_STARTING).build());
      await().until(() -> ready(vm).equals("Starting"));
      worker.report(Fixture.running(uid));
      await().until(() -> ready(vm).equals("Running"));

      VMStatus status = fixture.kubernetes.resource(vm).get().statusOrEmpty();
      assertThat(status.bootID()).isEqualTo("boot-1");
      assertThat(status.guest()).isEqualTo(new VMGuest("orchard", "i1", "1", null, List.of()));
      assertThat(status.workerName()).isEqualTo("w1");
      assertThat(status.isTrue(VMStatus.AGENT_CONNECTED)).isTrue();

      worker.report(VmReport.newBuilder().setUid(uid).setState(VmState.VM_GONE).build());
      await().until(() -> ready(vm).equals("Gone"));
      assertThat(fixture.kubernetes.resource(vm).get().statusOrEmpty().guest()).isNull();
    }
  }

  private String ready(VM vm) {
    return fixture
        .kubernetes
        .resource(vm)
        .get()
        .statusOrEmpty()
        .condition(VMStatus.READY)
        .map(condition -> condition.getReason())
        .orElse("");
  }

  @Test
  void deletesAVmFromItsWorkerWhenItIsBeingDeleted() throws Exception {
    try (FakeWorker worker = fixture.worker("w1")) {
      VM vm = fixture.readyVm("hello", worker);
      fixture
          .kubernetes
          .resource(vm)
          .edit(edited -> {
            edited.getMetadata().setFinalizers(List.of(VM.FINALIZER));
            return edited;
          });
      fixture.kubernetes.resource(vm).delete();

      assertThat(worker.take(Instruction::hasDeleteVm).getDeleteVm().getUid())
          .isEqualTo(vm.getMetadata().getUid());
    }
  }

  @Test
  void dispatchesWhatIsBoundAndWritesItsOutcomeOnce() throws Exception {
    try (FakeWorker worker = fixture.worker("w1")) {
      VM vm = fixture.readyVm("hello", worker);
      VMExec exec = fixture.boundExec("applied", vm, "w1");
      Instruction start = worker.take(i -> starts(i, exec));
      assertThat(start.getStartExec().hasAttachment()).isFalse();
      assertThat(start.getStartExec().getSpec().getBootId()).isEqualTo("boot-1");
      assertThat(start.getStartExec().getSpec().getTimeoutMs()).isEqualTo(86_400_000);
      worker.report(report(exec, 1, ExecState.EXEC_RUNNING).setStartTimeMs(1_000).build());
      await().until(() -> fixture.exec("applied").statusOrEmpty().state() == VMExecState.RUNNING);
      worker.report(finished(exec, exited(0, 5)));

      assertThat(worker.take(Instruction::hasExecStored).getExecStored().getUid())
          .isEqualTo(exec.getMetadata().getUid());
      VMExecStatus status = fixture.exec("applied").statusOrEmpty();
      assertThat(status.state()).isEqualTo(VMExecState.SUCCEEDED);
      assertThat(status.isTrue(VMExecStatus.FINISHED)).isTrue();
      assertThat(status.isTrue(VMExecStatus.SUCCEEDED)).isTrue();
      assertThat(status.isTrue(VMExecStatus.BOUND)).isTrue();
      assertThat(status.startTime()).isEqualTo(Instant.ofEpochSecond(1));
      assertThat(status.completionTime()).isEqualTo(Instant.ofEpochSecond(3));
      assertThat(status.output()).isEqualTo(new OutputStatus(5, 0, 0, "end"));
      assertThat(worker.has(i -> starts(i, exec))).isFalse();
    }
  }

  @Test
  void needsOneWriteForACommandThatIsSoonOver() throws Exception {
    try (FakeWorker worker = fixture.worker("w1")) {
      VM vm = fixture.readyVm("hello", worker);
      VMExec exec = fixture.boundExec("short", vm, "w1");
      worker.take(i -> starts(i, exec));
      int before = fixture.api.statusWrites();
      worker.report(report(exec, 1, ExecState.EXEC_STARTING).build());
      worker.report(report(exec, 2, ExecState.EXEC_RUNNING).setStartTimeMs(1_000).build());
      worker.report(finished(exec, exited(0, 0)));
      worker.take(Instruction::hasExecStored);

      assertThat(fixture.api.statusWrites()).isEqualTo(before + 1);
    }
  }

  @Test
  void keepsTheFirstOutcomeAndAcknowledgesALaterOne() throws Exception {
    try (FakeWorker worker = fixture.worker("w1")) {
      VM vm = fixture.readyVm("hello", worker);
      VMExec exec = fixture.boundExec("lost", vm, "w1");
      worker.take(i -> starts(i, exec));
      VMExec live = fixture.exec("lost");
      live.setStatus(
          live.statusOrEmpty()
              .finished(
                  VMExecExit.without(VMExecExitReason.LOST, "by the operator"),
                  null,
                  Instant.EPOCH,
                  Instant.EPOCH));
      fixture.kubernetes.resource(live).updateStatus();
      worker.report(report(exec, 1, ExecState.EXEC_RUNNING).build());
      assertThat(worker.take(Instruction::hasCancelExec).getCancelExec().getUid())
          .isEqualTo(exec.getMetadata().getUid());
      worker.report(finished(exec, exited(0, 0)));

      worker.take(Instruction::hasExecStored);
      assertThat(fixture.exec("lost").statusOrEmpty().state()).isEqualTo(VMExecState.LOST);
    }
  }

  @Test
  void cancelsWhatIsToBeCancelled() throws Exception {
    try (FakeWorker worker = fixture.worker("w1")) {
      VM vm = fixture.readyVm("hello", worker);
      VMExec exec = fixture.boundExec("unwanted", vm, "w1");
      worker.take(i -> starts(i, exec));
      worker.report(report(exec, 1, ExecState.EXEC_RUNNING).build());
      fixture
          .kubernetes
          .resource(exec)
          .edit(edited -> {
            edited.setSpec(edited.getSpec().cancelled());
            return edited;
          });

      Instruction cancel = worker.take(Instruction::hasCancelExec);
      assertThat(cancel.getCancelExec().getMessage()).contains("Cancelled");
    }
  }

  @Test
  void killsWhatHasNoObjectAnyMoreButOnlyAfterALiveLook() throws Exception {
    try (FakeWorker worker = fixture.worker("w1")) {
      VM vm = fixture.readyVm("hello", worker);
      VMExec exec = fixture.boundExec("deleted", vm, "w1");
      worker.take(i -> starts(i, exec));
      worker.report(report(exec, 1, ExecState.EXEC_RUNNING).build());
      await().until(() -> fixture.exec("deleted").statusOrEmpty().state() != null);
      fixture.kubernetes.resource(exec).delete();

      assertThat(worker.take(Instruction::hasCancelExec).getCancelExec().getUid())
          .isEqualTo(exec.getMetadata().getUid());
      worker.report(finished(exec, exited(0, 0)));
      worker.take(Instruction::hasExecStored);
    }
  }

  @Test
  void dispatchesAgainOverANewLinkAndOnlyWhatIsNotReported() throws Exception {
    VM vm;
    VMExec known;
    VMExec unknown;
    try (FakeWorker worker = fixture.worker("w1")) {
      vm = fixture.readyVm("hello", worker);
      known = fixture.boundExec("known", vm, "w1");
      unknown = fixture.boundExec("unknown", vm, "w1");
      worker.take(i -> starts(i, unknown));
    }
    try (FakeWorker again = dial("w1", "worker:w1", true)) {
      again.report(report(known, 1, ExecState.EXEC_WAITING).build());
      again.synced();
      again.take(i -> starts(i, unknown));
      assertThat(again.has(i -> starts(i, known))).isFalse();
    }
  }

  @Test
  void losesWhatItsWorkerHasForgottenInsteadOfStartingItAgain() throws Exception {
    VMExec exec;
    try (FakeWorker worker = fixture.worker("w1")) {
      exec = fixture.boundExec("forgotten", fixture.readyVm("hello", worker), "w1");
      worker.take(i -> starts(i, exec));
      worker.report(report(exec, 1, ExecState.EXEC_RUNNING).setStartTimeMs(1_000).build());
      await().until(() -> fixture.exec("forgotten").statusOrEmpty().startTime() != null);
    }
    try (FakeWorker again = dial("w1", "worker:w1", true)) {
      again.synced();
      // Only when it is overdue: until then the link may be a dead one, and another one alive.
      await()
          .atMost(Dispatch.OVERDUE.multipliedBy(2))
          .until(() -> {
            again.report(
                WorkerReport.newBuilder().setHeartbeat(LinkHeartbeat.getDefaultInstance()).build());
            return again.has(Instruction::hasCancelExec);
          });
      await().until(() -> fixture.exec("forgotten").statusOrEmpty().state() == VMExecState.LOST);
      assertThat(again.has(i -> starts(i, exec))).isFalse();
    }
  }

  @Test
  void leavesDispatchAndStatusToTheReplicaOfThePrimaryLink() throws Exception {
    try (FakeWorker worker = dial("w1", "worker:w1", false)) {
      worker.take(Instruction::hasGreeting);
      worker.synced();
      fixture.placedVm("hello", "w1");
      await().until(() -> fixture.get("/v1/vms/hello", TestApi.ALICE).statusCode() == 200);
      worker.report(
          dev.orchard.proto.worker.v1.WorkerReport.newBuilder()
              .setRegister(
                  dev.orchard.proto.worker.v1.Register.newBuilder()
                      .setWorker("w1")
                      .setPrimary(true))
              .build());
      // Nothing but the greeting came before.
      assertThat(worker.take(i -> true).hasPutVm()).isTrue();
    }
  }

  @Test
  void endsALinkWhoseReportsAreNone() throws Exception {
    try (FakeWorker worker = fixture.worker("w1")) {
      worker.report(ExecReport.newBuilder().setUid("x").setState(ExecState.EXEC_FINISHED).build());

      assertThat(worker.over().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    }
  }

  @Test
  void answersOneRendezvousOnceAndNoUnknownOne() throws Exception {
    try (FakeWorker worker = fixture.worker("w1")) {
      FakeWorker.Stream unknown = worker.answer(Attachment.newBuilder().setId("guessed").build());
      assertThat(unknown.over().getCode()).isEqualTo(Status.Code.NOT_FOUND);

      fixture.readyVm("hello", worker);
      Fixture.Following following = fixture.start("hello", "{\"command\":[\"/bin/true\"]}");
      Attachment attachment = worker.takeStart().getStartExec().getAttachment();
      // Of two streams either may arrive first.
      FakeWorker.Stream one = worker.answer(attachment);
      FakeWorker.Stream other = worker.answer(attachment);
      await().until(() -> one.isOver() || other.isOver());
      FakeWorker.Stream refused = one.isOver() ? one : other;
      assertThat(refused.over().getCode()).isEqualTo(Status.Code.NOT_FOUND);
      (refused == one ? other : one).send(exited(0, 0));
      assertThat(following.body()).contains("exit");
    }
  }
}

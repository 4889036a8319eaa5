package dev.orchard.controller.worker;

import dev.orchard.crds.Conditions;
import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMGuest;
import dev.orchard.crds.vm.VMSpec;
import dev.orchard.crds.vm.VMStatus;
import dev.orchard.crds.vmexec.Binding;
import dev.orchard.crds.vmexec.OutputStatus;
import dev.orchard.crds.vmexec.StdinType;
import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecExit;
import dev.orchard.crds.vmexec.VMExecExitReason;
import dev.orchard.crds.vmexec.VMExecSpec;
import dev.orchard.crds.vmexec.VMExecStatus;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.ProtoFrames;
import dev.orchard.proto.worker.v1.DisconnectPolicy;
import dev.orchard.proto.worker.v1.EnvVar;
import dev.orchard.proto.worker.v1.ExecReport;
import dev.orchard.proto.worker.v1.ExecSpec;
import dev.orchard.proto.worker.v1.Guest;
import dev.orchard.proto.worker.v1.OnOutputLimit;
import dev.orchard.proto.worker.v1.PowerState;
import dev.orchard.proto.worker.v1.PutVm;
import dev.orchard.proto.worker.v1.TtySize;
import dev.orchard.proto.worker.v1.VmReport;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The worker protocol's messages from objects, and objects' statuses from its reports. */
final class WorkerMessages {
  private WorkerMessages() {}

  static PutVm putVm(VM vm) {
    VMSpec spec = vm.getSpec();
    return PutVm.newBuilder()
        .setUid(vm.getMetadata().getUid())
        .setNamespace(vm.getMetadata().getNamespace())
        .setName(vm.getMetadata().getName())
        .setImage(spec.image())
        .setRuntime(orEmpty(spec.runtime()))
        .setCpu(spec.cpu())
        .setMemoryMib(spec.memoryMib())
        .setPowerState(
            switch (spec.powerState()) {
              case RUNNING -> PowerState.POWER_RUNNING;
              case STOPPED -> PowerState.POWER_STOPPED;
            })
        .build();
  }

  /** What is left of the time within which the exec must have started; not positive if over. */
  static Duration startTimeLeft(VMExec exec, Instant now) {
    Instant created = Instant.parse(exec.getMetadata().getCreationTimestamp());
    return Duration.between(now, created.plusSeconds(exec.getSpec().startTimeoutSeconds()));
  }

  static ExecSpec execSpec(VMExec exec, Binding binding, Instant now) {
    VMExecSpec spec = exec.getSpec();
    ExecSpec.Builder message =
        ExecSpec.newBuilder()
            .setUid(exec.getMetadata().getUid())
            .setName(exec.getMetadata().getName())
            .setVmUid(binding.vmUID())
            .setBootId(binding.bootID())
            .addAllCommand(spec.command())
            .setWorkingDir(orEmpty(spec.workingDir()))
            .setUser(orEmpty(spec.user()))
            .setStdin(spec.stdin().type() == StdinType.ATTACH)
            .setDisconnectPolicy(
                switch (spec.disconnectPolicy()) {
                  case TERMINATE -> DisconnectPolicy.TERMINATE;
                  case DETACH -> DisconnectPolicy.DETACH;
                })
            .setStartTimeoutMs(Math.max(1, startTimeLeft(exec, now).toMillis()))
            .setTimeoutMs(spec.timeoutSeconds() * 1000L)
            .setIdleTimeoutMs(spec.idleTimeoutSeconds() * 1000L)
            .setTerminationGracePeriodMs(spec.terminationGracePeriodSeconds() * 1000L)
            .setOutputLimit(spec.output().limit())
            .setOnOutputLimit(
                switch (spec.output().onLimit()) {
                  case DROP_OLDEST -> OnOutputLimit.DROP_OLDEST;
                  case BLOCK -> OnOutputLimit.BLOCK;
                  case TERMINATE -> OnOutputLimit.TERMINATE_ON_LIMIT;
                })
            .setTailBytes(spec.output().tailBytes());
    spec.env()
        .forEach(v -> message.addEnv(EnvVar.newBuilder().setName(v.name()).setValue(v.value())));
    if (spec.tty() != null) {
      message.setTty(TtySize.newBuilder().setRows(spec.tty().rows()).setCols(spec.tty().cols()));
    }
    return message.build();
  }

  /** The controller's fields and conditions of a VM, as its worker says; the others stay. */
  static VMStatus vmStatus(VMStatus before, VmReport report, Instant now) {
    String reason =
        switch (report.getState()) {
          case VM_STARTING -> VMStatus.REASON_STARTING;
          case VM_RUNNING -> VMStatus.REASON_RUNNING;
          case VM_STOPPED -> VMStatus.REASON_STOPPED;
          case VM_FAILED -> VMStatus.REASON_FAILED;
          case VM_GONE -> VMStatus.REASON_GONE;
          case VM_STATE_UNSPECIFIED, UNRECOGNIZED -> null;
        };
    if (reason == null) {
      return before;
    }
    boolean connected = report.hasGuest();
    return before
        .withBootID(report.getBootId().isEmpty() ? null : report.getBootId())
        .withGuest(connected ? guest(report.getGuest()) : null)
        .withIp(report.getGuest().getAddressesList().stream().findFirst().orElse(null))
        .withCondition(
            Conditions.of(
                VMStatus.READY,
                reason.equals(VMStatus.REASON_RUNNING) ? Conditions.TRUE : Conditions.FALSE,
                reason,
                report.getMessage(),
                now))
        .withCondition(
            connected
                ? Conditions.of(VMStatus.AGENT_CONNECTED, Conditions.TRUE, "Connected", "", now)
                : Conditions.of(
                    VMStatus.AGENT_CONNECTED,
                    Conditions.FALSE,
                    "NotConnected",
                    "the worker has no connection to an agent in the VM",
                    now));
  }

  private static VMGuest guest(Guest guest) {
    return new VMGuest(
        guest.getAgent(),
        guest.getInstance(),
        guest.getVersion(),
        guest.getOs(),
        guest.getCapabilitiesList());
  }

  /**
   * An exec's status as its worker says; a late report changes nothing.
   *
   * @param exec whose spec counts
   * @param before what to start from
   * @throws dev.orchard.exec.frame.InvalidFrameException if the reported outcome is not one
   */
  static VMExecStatus execStatus(
      VMExec exec, VMExecStatus before, Binding binding, ExecReport report, Instant now) {
    VMExecStatus bound = before.described(exec.getSpec().command()).bound(binding, now);
    return switch (report.getState()) {
      case EXEC_WAITING, EXEC_STATE_UNSPECIFIED, UNRECOGNIZED -> bound;
      case EXEC_STARTING -> bound.starting();
      case EXEC_RUNNING -> running(bound, report, now);
      case EXEC_FINISHED ->
          running(bound, report, now)
              .finished(
                  exit(ProtoFrames.decodeExit(report.getExit())),
                  output(report),
                  Instant.ofEpochMilli(report.getCompletionTimeMs()),
                  now);
    };
  }

  private static VMExecStatus running(VMExecStatus status, ExecReport report, Instant now) {
    return report.getStartTimeMs() == 0
        ? status
        : status.running(Instant.ofEpochMilli(report.getStartTimeMs()), now);
  }

  private static OutputStatus output(ExecReport report) {
    return new OutputStatus(
        report.getStdoutBytes(),
        report.getStderrBytes(),
        report.getFirstAvailableOffset(),
        report.getTail().isEmpty() ? null : report.getTail().toStringUtf8());
  }

  static VMExecExit exit(Frame.Exit exit) {
    return new VMExecExit(
        exit.code(),
        exit.signal(),
        switch (exit.reason()) {
          case EXITED -> VMExecExitReason.EXITED;
          case SIGNALED -> VMExecExitReason.SIGNALED;
          case TIMED_OUT -> VMExecExitReason.TIMED_OUT;
          case IDLE_TIMED_OUT -> VMExecExitReason.IDLE_TIMED_OUT;
          case CANCELLED -> VMExecExitReason.CANCELLED;
          case OUTPUT_LIMIT -> VMExecExitReason.OUTPUT_LIMIT;
          case START_FAILED -> VMExecExitReason.START_FAILED;
          case LOST -> VMExecExitReason.LOST;
        },
        exit.outputIncomplete(),
        exit.message());
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }
}

package dev.orchard.worker.gateway;

import dev.orchard.exec.frame.ProtoFrames;
import dev.orchard.exec.session.SessionPhase;
import dev.orchard.proto.worker.v1.Capacity;
import dev.orchard.proto.worker.v1.ExecReport;
import dev.orchard.proto.worker.v1.ExecState;
import dev.orchard.proto.worker.v1.Guest;
import dev.orchard.proto.worker.v1.LinkHeartbeat;
import dev.orchard.proto.worker.v1.Register;
import dev.orchard.proto.worker.v1.Synced;
import dev.orchard.proto.worker.v1.VmReport;
import dev.orchard.proto.worker.v1.VmState;
import dev.orchard.proto.worker.v1.WorkerReport;
import dev.orchard.worker.session.SessionStatus;
import dev.orchard.worker.vm.VmStatus;

/** What this worker knows, in the protocol's words. */
final class Reports {
  static final WorkerReport SYNCED =
      WorkerReport.newBuilder().setSynced(Synced.getDefaultInstance()).build();
  static final WorkerReport HEARTBEAT =
      WorkerReport.newBuilder().setHeartbeat(LinkHeartbeat.getDefaultInstance()).build();

  private Reports() {}

  static WorkerReport register(WorkerIdentity identity, boolean primary, String diskPressure) {
    return WorkerReport.newBuilder()
        .setRegister(
            Register.newBuilder()
                .setWorker(identity.name())
                .setVersion(identity.version())
                .setOs(identity.os())
                .setArch(identity.arch())
                .addAllRuntimes(identity.runtimes())
                .addAllCapabilities(identity.capabilities())
                .setCapacity(
                    Capacity.newBuilder().setCpu(identity.cpu()).setMemoryMib(identity.memoryMib()))
                .setPrimary(primary)
                .setDiskPressure(diskPressure))
        .build();
  }

  static WorkerReport vm(VmStatus status) {
    VmReport.Builder report =
        VmReport.newBuilder()
            .setUid(status.uid().value())
            .setState(
                switch (status.state()) {
                  case STARTING -> VmState.VM_STARTING;
                  case RUNNING -> VmState.VM_RUNNING;
                  case STOPPED -> VmState.VM_STOPPED;
                  case FAILED -> VmState.VM_FAILED;
                  case GONE -> VmState.VM_GONE;
                })
            .setMessage(status.message());
    String bootId = status.bootId();
    if (bootId != null) {
      report.setBootId(bootId);
    }
    dev.orchard.worker.guest.Guest guest = status.guest();
    if (guest != null) {
      report.setGuest(
          Guest.newBuilder()
              .setAgent(dev.orchard.worker.guest.Guest.AGENT)
              .setInstance(guest.instance())
              .setVersion(guest.version())
              .setOs(guest.os())
              .addAllCapabilities(guest.capabilities())
              .addAllAddresses(guest.addresses()));
    }
    return WorkerReport.newBuilder().setVm(report).build();
  }

  static WorkerReport exec(SessionStatus status) {
    ExecReport.Builder report =
        ExecReport.newBuilder()
            .setUid(status.uid().value())
            .setVmUid(status.vmUid())
            .setRevision(status.revision())
            .setState(state(status.phase()))
            .setStartTimeMs(status.startedAt())
            .setCompletionTimeMs(status.completedAt())
            .setStdoutBytes(status.stdoutBytes())
            .setStderrBytes(status.stderrBytes())
            .setFirstAvailableOffset(status.firstAvailableOffset())
            .setTail(status.tail())
            .setAttachments(status.attachments());
    if (status.exit() != null) {
      report.setExit(ProtoFrames.encodeExit(status.exit()));
    }
    return WorkerReport.newBuilder().setExec(report).build();
  }

  private static ExecState state(SessionPhase phase) {
    return switch (phase) {
      case WAITING -> ExecState.EXEC_WAITING;
      case INTENDED -> ExecState.EXEC_STARTING;
      case RUNNING -> ExecState.EXEC_RUNNING;
      case FINISHED -> ExecState.EXEC_FINISHED;
    };
  }
}

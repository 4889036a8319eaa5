package dev.orchard.worker.gateway;

import dev.orchard.exec.session.DisconnectPolicy;
import dev.orchard.exec.session.OnOutputLimit;
import dev.orchard.proto.worker.v1.Attachment;
import dev.orchard.proto.worker.v1.ExecSpec;
import dev.orchard.proto.worker.v1.Forward;
import dev.orchard.proto.worker.v1.PowerState;
import dev.orchard.proto.worker.v1.PutVm;
import dev.orchard.worker.forward.ForwardRequest;
import dev.orchard.worker.guest.Command;
import dev.orchard.worker.session.AttachRequest;
import dev.orchard.worker.session.SessionSpec;
import dev.orchard.worker.vm.Uid;
import dev.orchard.worker.vm.VmSpec;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What controllers say, in this worker's words. Throws {@link IllegalArgumentException} for what no
 * controller should say.
 */
final class Instructions {
  /** Where an instruction leaves it open. DESIGN's log of a session. */
  private static final long DEFAULT_OUTPUT_LIMIT = 64L << 20;

  private static final int MAX_ARGUMENTS = 256;

  private Instructions() {}

  static VmSpec vm(PutVm put) {
    return new VmSpec(
        new Uid(put.getUid()),
        put.getNamespace(),
        put.getName(),
        put.getImage(),
        put.getRuntime(),
        put.getCpu(),
        put.getMemoryMib(),
        put.getPowerState() != PowerState.POWER_STOPPED);
  }

  static SessionSpec session(ExecSpec spec) {
    if (spec.getCommandCount() < 1 || spec.getCommandCount() > MAX_ARGUMENTS) {
      throw new IllegalArgumentException(
          "session %s: %d arguments are not 1 to %d"
              .formatted(spec.getUid(), spec.getCommandCount(), MAX_ARGUMENTS));
    }
    return new SessionSpec(
        new Uid(spec.getUid()),
        spec.getName(),
        new Uid(spec.getVmUid()).value(),
        spec.getBootId(),
        command(spec),
        switch (spec.getDisconnectPolicy()) {
          case TERMINATE -> DisconnectPolicy.TERMINATE;
          case DETACH, DISCONNECT_POLICY_UNSPECIFIED, UNRECOGNIZED -> DisconnectPolicy.DETACH;
        },
        spec.getStartTimeoutMs(),
        spec.getTimeoutMs(),
        spec.getIdleTimeoutMs(),
        spec.getTerminationGracePeriodMs(),
        spec.getOutputLimit() > 0 ? spec.getOutputLimit() : DEFAULT_OUTPUT_LIMIT,
        switch (spec.getOnOutputLimit()) {
          case DROP_OLDEST, ON_OUTPUT_LIMIT_UNSPECIFIED, UNRECOGNIZED -> OnOutputLimit.DROP_OLDEST;
          case BLOCK -> OnOutputLimit.BLOCK;
          case TERMINATE_ON_LIMIT -> OnOutputLimit.TERMINATE;
        },
        Math.clamp(spec.getTailBytes(), 0, SessionSpec.MAX_TAIL_BYTES));
  }

  private static Command command(ExecSpec spec) {
    return new Command(
        spec.getCommandList(),
        spec.getEnvList().stream()
            .map(entry -> new Command.Variable(entry.getName(), entry.getValue()))
            .toList(),
        spec.getWorkingDir(),
        spec.getUser(),
        terminal(spec),
        spec.getStdin());
  }

  private static Command.@Nullable Terminal terminal(ExecSpec spec) {
    return spec.hasTty()
        ? new Command.Terminal(spec.getTty().getRows(), spec.getTty().getCols())
        : null;
  }

  static AttachRequest attachment(Attachment attachment) {
    return new AttachRequest(
        new Uid(attachment.getExecUid()),
        attachment.getFrom(),
        attachment.getUntilNow(),
        attachment.getWriter(),
        attachment.getTakeover(),
        attachment.getOutput(),
        attachment.getForeground());
  }

  static ForwardRequest forward(Forward forward) {
    return new ForwardRequest(
        forward.getId(),
        new Uid(forward.getVmUid()),
        forward.getPort(),
        Duration.ofMillis(Math.max(0, forward.getTimeoutMs())));
  }
}

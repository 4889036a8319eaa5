package dev.orchard.operator.vm;

import dev.orchard.crds.vm.PowerState;
import dev.orchard.crds.vm.VMState;
import dev.orchard.crds.vm.VMStatus;

/** The one word for a VM's conditions. */
final class VMStates {
  private VMStates() {}

  /**
   * @param workerReady whether the worker that has it is known to be there
   */
  static VMState of(VMStatus status, boolean deleting, boolean workerReady, PowerState wanted) {
    if (deleting) {
      return VMState.TERMINATING;
    }
    if (status.workerName() == null) {
      return VMState.PENDING;
    }
    if (!workerReady) {
      return VMState.UNKNOWN;
    }
    String reason = status.condition(VMStatus.READY).map(ready -> ready.getReason()).orElse("");
    return switch (reason) {
      case VMStatus.REASON_RUNNING -> VMState.RUNNING;
      case VMStatus.REASON_STARTING -> VMState.STARTING;
      case VMStatus.REASON_STOPPED -> VMState.STOPPED;
      case VMStatus.REASON_FAILED -> VMState.FAILED;
      // Nothing reported yet by the worker that it has been given to.
      default ->
          switch (wanted) {
            case RUNNING -> VMState.STARTING;
            case STOPPED -> VMState.STOPPED;
          };
    };
  }
}

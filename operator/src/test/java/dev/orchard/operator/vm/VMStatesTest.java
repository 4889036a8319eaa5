package dev.orchard.operator.vm;

import static dev.orchard.operator.Fixtures.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.crds.Conditions;
import dev.orchard.crds.vm.PowerState;
import dev.orchard.crds.vm.VMState;
import dev.orchard.crds.vm.VMStatus;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VMStatesTest {
  @ParameterizedTest
  @CsvSource({
    // worker, deleting, worker ready, reason of Ready, wanted, state
    "  ,false,false,,        RUNNING,PENDING",
    "w1,false,true ,,        RUNNING,STARTING",
    "w1,false,true ,,        STOPPED,STOPPED",
    "w1,false,true ,Starting,RUNNING,STARTING",
    "w1,false,true ,Running, RUNNING,RUNNING",
    "w1,false,true ,Stopped, STOPPED,STOPPED",
    "w1,false,true ,Failed,  RUNNING,FAILED",
    "w1,false,false,Running, RUNNING,UNKNOWN",
    "w1,true ,true ,Running, RUNNING,TERMINATING",
    "w1,true ,false,Running, RUNNING,TERMINATING"
  })
  void saysTheConditionsInOneWord(
      String worker,
      boolean deleting,
      boolean workerReady,
      String reason,
      PowerState wanted,
      VMState state) {
    VMStatus status = VMStatus.EMPTY.withWorkerName(worker);
    if (reason != null) {
      status =
          status.withCondition(Conditions.of(VMStatus.READY, Conditions.TRUE, reason, "", NOW));
    }

    assertThat(VMStates.of(status, deleting, workerReady, wanted)).isEqualTo(state);
  }
}

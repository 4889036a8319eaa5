package dev.orchard.it.faults;

import dev.orchard.dev.guest.RuntimeChoice;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** All replicas are replaced one after the other, as a Deployment does it. */
@Tag(FaultSizes.TAG)
@Tag("F2")
class RolloutIT {
  @Test
  void noByteIsLostAndNothingRefusedForGoodUnderRollouts() throws Exception {
    RealSystem system = RealSystem.with(RuntimeChoice.PROCESS);
    int rollouts = FaultSizes.F2_ROLLOUTS.size();
    try (Load load = new Load(system, "f2", 20, 100)) {
      Summary summary =
          new Summary("F2", "SIGTERM and restart of 3 replicas, one after the other")
              .with("rollouts", rollouts);
      for (int i = 0; i < rollouts; i++) {
        for (Part controller : system.controllers()) {
          load.awaitProgress();
          controller.terminate();
          controller.start();
          controller.awaitReady();
        }
      }
      load.end(summary);
    }
  }
}

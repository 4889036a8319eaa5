package dev.orchard.it.faults;

import dev.orchard.dev.guest.RuntimeChoice;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Replicas die one after the other, whatever they are doing. */
@Tag(FaultSizes.TAG)
@Tag("F1")
class ControllerKillsIT {
  @Test
  void noByteIsLostUnderKillsOfReplicas() throws Exception {
    kill(RuntimeChoice.PROCESS, FaultSizes.F1_KILLS.size(), 10);
  }

  @Test
  void norOfRealMachines() throws Exception {
    kill(RuntimeChoice.QEMU, FaultSizes.F1_QEMU_KILLS.size(), 5);
  }

  private static void kill(RuntimeChoice runtime, int kills, int sessions) throws Exception {
    RealSystem system = RealSystem.with(runtime);
    Random random = new Random(FaultSizes.seed());
    try (Load load = new Load(system, "f1", sessions, 100)) {
      Summary summary =
          new Summary("F1", "kill -9 of a random ready one of 3 replicas, " + runtime)
              .with("kills", kills);
      for (int i = 0; i < kills; i++) {
        load.awaitProgress();
        Part victim = ready(system, random);
        victim.kill();
        victim.start();
      }
      load.end(summary);
    }
    for (Part controller : system.controllers()) {
      controller.awaitReady();
    }
  }

  /** Any, if another one is ready too. */
  private static Part ready(RealSystem system, Random random) {
    List<Part> ready = new ArrayList<>();
    RealSystem.await(
        "two ready replicas",
        () -> {
          ready.clear();
          system.controllers().stream().filter(Part::isReady).forEach(ready::add);
          return ready.size() > 1;
        });
    return ready.get(random.nextInt(ready.size()));
  }
}

package dev.orchard.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.dev.guest.RuntimeChoice;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The worker's daemon dies again and again, and its machine lives on. */
@Tag(FaultSizes.TAG)
@Tag("F3")
class WorkerKillsIT {
  @Test
  void noByteIsLostUnderKillsOfTheWorker() throws Exception {
    kill(RuntimeChoice.PROCESS, FaultSizes.F3_KILLS.size(), 10);
  }

  @Test
  void norOfRealMachines() throws Exception {
    kill(RuntimeChoice.QEMU, FaultSizes.F3_QEMU_KILLS.size(), 5);
  }

  private static void kill(RuntimeChoice runtime, int kills, int sessions) throws Exception {
    RealSystem system = RealSystem.with(runtime);
    try (Load load = new Load(system, "f3", sessions, 100)) {
      ProcessHandle machine = system.machine("f3");
      Summary summary =
          new Summary("F3", "kill -9 of the worker, its machine living on, " + runtime)
              .with("kills", kills);
      for (int i = 0; i < kills; i++) {
        load.awaitProgress();
        system.worker().kill();
        system.worker().start();
      }
      load.end(summary);
      assertThat(system.machine("f3")).isEqualTo(machine);
    }
  }
}

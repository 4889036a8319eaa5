package dev.orchard.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.dev.guest.RuntimeChoice;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** First the API server is away, then every replica. */
@Tag(FaultSizes.TAG)
@Tag("F21")
class OutagesIT {
  @Test
  void sessionsGoOnAndNothingIsLostWhileTheApiServerAndThenAllReplicasAreAway() throws Exception {
    RealSystem system = RealSystem.with(RuntimeChoice.PROCESS);
    int seconds = FaultSizes.F21_SECONDS.size();
    // The first outlive both outages; the others end in them, and their successors wait.
    try (Load lasting = new Load(system, "f21-lasting", 5, (2 * seconds + 30) * 5);
        Load ending = new Load(system, "f21-ending", 5, seconds * 5 / 2)) {
      Summary summary =
          new Summary("F21", "API server away, then all replicas, sessions outliving it")
              .with("seconds each", seconds);
      Summary others =
          new Summary("F21", "the same, sessions ending in it").with("seconds each", seconds);
      lasting.awaitProgress();
      ending.awaitProgress();
      ApiServer apiServer = system.apiServer();
      String boot = system.bootId("f21-lasting");
      ProcessHandle machine = system.machine("f21-lasting");

      apiServer.kill();
      for (int i = 0; i < seconds; i++) {
        if (i == seconds / 2) {
          // By ticket: no replica can ask whether they may.
          system.controllers().get(0).kill();
          system.controllers().get(1).kill();
        }
        lasting.awaitProgress();
        Thread.sleep(1_000);
      }
      apiServer.start();
      ending.awaitProgress();
      system.controllers().get(0).start();
      system.controllers().get(1).start();

      for (Part controller : system.controllers()) {
        controller.kill();
      }
      Thread.sleep(seconds * 1_000L);
      for (Part controller : system.controllers()) {
        controller.start();
      }
      ending.end(others);
      lasting.end(summary);
      assertThat(system.machine("f21-lasting")).isEqualTo(machine);
      assertThat(system.bootId("f21-lasting")).isEqualTo(boot);
    }
    for (Part controller : system.controllers()) {
      controller.awaitReady();
    }
  }
}

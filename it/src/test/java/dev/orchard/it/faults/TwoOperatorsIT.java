package dev.orchard.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecState;
import dev.orchard.dev.guest.RuntimeChoice;
import io.fabric8.kubernetes.client.Watch;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** There must be one operator only; a second one that works from an old view must do no harm. */
@Tag(FaultSizes.TAG)
@Tag("F22")
class TwoOperatorsIT {
  private static final String VM = "f22";
  private static final int EXECS = 3;

  @Test
  void eachCommandRunsOnceAndNoStateGoesBackUnderTwoOperators() throws Exception {
    RealSystem system = RealSystem.with(RuntimeChoice.PROCESS);
    Runs runs = new Runs(new Reader(system));
    Random random = new Random(FaultSizes.seed());
    int pauses = FaultSizes.F22_PAUSES.size();
    Summary summary =
        new Summary("F22", "two operators, one paused and continued").with("pauses", pauses);
    States states = new States(VM);
    Part second = system.operator("operator-2");
    system.createVm(VM);
    List<VMExecState> ends;
    try (Watch _ =
        system
            .kubernetes()
            .resources(VMExec.class)
            .inNamespace(RealSystem.NAMESPACE)
            .watch(states)) {
      second.start();
      for (int i = 0; i < pauses; i++) {
        Part paused = random.nextBoolean() ? second : system.operator();
        apply(system, runs, "a" + i);
        paused.pause();
        apply(system, runs, "b" + i);
        Thread.sleep(random.nextInt(3_000));
        paused.unpause();
        apply(system, runs, "c" + i);
      }
      ends = Runs.ends(system, VM);
    } finally {
      second.kill();
    }
    int commands = ends.size();
    Map<String, Integer> ran = runs.count(VM);
    system.deleteVm(VM);
    summary
        .with("commands", commands)
        .with("runs", ran.values().stream().mapToInt(Integer::intValue).sum())
        .with("states seen", states.seen())
        .with("steps back", states.back().size())
        .write();
    assertThat(states.back()).isEmpty();
    assertThat(ends).containsOnly(VMExecState.SUCCEEDED);
    assertThat(ran).hasSize(commands).allSatisfy((_, times) -> assertThat(times).isEqualTo(1));
  }

  private static void apply(RealSystem system, Runs runs, String round) {
    for (int i = 0; i < EXECS; i++) {
      runs.apply(system, VM, "%s-%s-%d".formatted(VM, round, i));
    }
  }
}

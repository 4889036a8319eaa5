package dev.orchard.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.dev.guest.RuntimeChoice;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The channel between a worker and an agent is cut at any byte; a serial line garbles besides. */
@Tag(FaultSizes.TAG)
@Tag("F8")
class GuestChannelIT {
  @Test
  void noByteIsLostUnderCutsOfSockets() throws Exception {
    Random random = new Random(FaultSizes.seed());
    cut(RuntimeChoice.PROCESS, FaultSizes.F8_CUTS.size(), 4, FaultPlan.cuts(random, 30_000));
  }

  @Test
  void norOnASerialLineThatGarbles() throws Exception {
    Random random = new Random(FaultSizes.seed());
    cut(RuntimeChoice.QEMU, FaultSizes.F8_QEMU_CUTS.size(), 1, FaultPlan.noisyCuts(random, 60_000));
  }

  private static void cut(RuntimeChoice runtime, int cuts, int vms, Supplier<FaultPlan> plans)
      throws Exception {
    RealSystem system = RealSystem.with(runtime);
    List<Summary> summaries = new ArrayList<>();
    List<Load> loads = new ArrayList<>();
    List<FaultProxy> proxies = new ArrayList<>();
    try {
      for (int i = 0; i < vms; i++) {
        summaries.add(new Summary("F8", "guest channel cut at any byte, " + runtime));
        loads.add(new Load(system, "f8-" + i, 5, 25));
        loads.getLast().awaitProgress();
        proxies.add(FaultProxy.unix(system.agentSocket("f8-" + i), plans));
      }
      // What it holds open does not go through the proxies; what the next one opens does.
      system.worker().kill();
      system.worker().start();
      while (proxies.stream().mapToInt(FaultProxy::cuts).sum() < cuts) {
        for (Load load : loads) {
          load.awaitProgress();
        }
      }
      for (int i = 0; i < vms; i++) {
        List<Long> pauses = proxies.get(i).pauses().stream().sorted().toList();
        loads
            .get(i)
            .end(
                summaries
                    .get(i)
                    .with("cuts", proxies.get(i).cuts())
                    .with(
                        "resynchronised p50/p99/max",
                        "%d/%d/%d ms"
                            .formatted(
                                pauses.get(pauses.size() / 2),
                                pauses.get(pauses.size() * 99 / 100),
                                pauses.getLast())));
      }
    } finally {
      loads.forEach(Load::close);
      proxies.forEach(FaultProxy::close);
    }
    assertThat(system.worker().alive()).isTrue();
  }
}

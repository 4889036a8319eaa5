package dev.orchard.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecState;
import dev.orchard.crds.worker.Worker;
import dev.orchard.crds.worker.WorkerSpec;
import dev.orchard.dev.cluster.Preparation;
import dev.orchard.dev.guest.RuntimeChoice;
import io.fabric8.kubernetes.client.Watch;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * One link of a worker is primary; nothing goes wrong where two replicas believe that theirs is.
 */
@Tag(FaultSizes.TAG)
@Tag("F22")
class TwoPrimariesIT {
  private static final String WORKER = "f22";
  private static final String VM = "f22-primaries";

  @Test
  void eachCommandRunsOnceAndNoStateGoesBackUnderTwoPrimaries() throws Exception {
    RealSystem system = RealSystem.with(RuntimeChoice.PROCESS);
    Runs runs = new Runs(new Reader(system));
    int commands = FaultSizes.F22_COMMANDS.size();
    Summary summary =
        new Summary("F22", "two replicas that both believe to be primary")
            .with("commands", commands);
    States states = new States(VM);
    String token = Preparation.workerToken(system.kubernetes(), WORKER);
    String primary = "worker registered worker=%s primary=true".formatted(WORKER);
    List<Part> replicas = system.controllers().subList(0, 2);
    List<Long> before = replicas.stream().map(replica -> replica.said(primary)).toList();
    List<VMExecState> ends;
    Map<String, Integer> ran;
    try (PrimaryRelay first = relay(system, token, 0);
        PrimaryRelay second = relay(system, token, 1)) {
      Part worker =
          system.worker(WORKER, "127.0.0.1:%d,127.0.0.1:%d".formatted(first.port(), second.port()));
      worker.start();
      try (Watch _ =
          system
              .kubernetes()
              .resources(VMExec.class)
              .inNamespace(RealSystem.NAMESPACE)
              .watch(states)) {
        worker.awaitReady();
        RealSystem.await(
            "two that believe to be primary",
            () ->
                replicas.getFirst().said(primary) > before.getFirst()
                    && replicas.getLast().said(primary) > before.getLast());
        unschedulable(system, true);
        system.createVm(VM);
        for (int i = 0; i < commands; i++) {
          runs.apply(system, VM, "%s-%d".formatted(VM, i));
        }
        ends = Runs.ends(system, VM);
        ran = runs.count(VM);
        system.deleteVm(VM);
      } finally {
        unschedulable(system, false);
        worker.kill();
        system.kubernetes().resources(Worker.class).withName(WORKER).delete();
      }
    }
    summary
        .with("runs", ran.values().stream().mapToInt(Integer::intValue).sum())
        .with("states seen", states.seen())
        .with("steps back", states.back().size())
        .write();
    assertThat(states.back()).isEmpty();
    assertThat(ends).hasSize(commands).containsOnly(VMExecState.SUCCEEDED);
    assertThat(ran).hasSize(commands).allSatisfy((_, times) -> assertThat(times).isEqualTo(1));
  }

  private static PrimaryRelay relay(RealSystem system, String token, int replica) throws Exception {
    return new PrimaryRelay(system.serving(), system.ca(), token, system.workerPort(replica));
  }

  /** So that the VM is placed on the worker of this case. */
  private static void unschedulable(RealSystem system, boolean unschedulable) {
    system
        .kubernetes()
        .resources(Worker.class)
        .withName(RealSystem.WORKER)
        .edit(worker -> {
          worker.setSpec(new WorkerSpec(unschedulable));
          return worker;
        });
  }
}

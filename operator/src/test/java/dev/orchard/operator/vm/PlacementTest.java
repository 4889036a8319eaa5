package dev.orchard.operator.vm;

import static dev.orchard.operator.Fixtures.NOW;
import static dev.orchard.operator.Fixtures.worker;
import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.crds.Conditions;
import dev.orchard.crds.vm.VMSpec;
import dev.orchard.crds.worker.Worker;
import dev.orchard.crds.worker.WorkerCapacity;
import dev.orchard.crds.worker.WorkerSpec;
import dev.orchard.crds.worker.WorkerStatus;
import dev.orchard.operator.vm.Placement.Nowhere;
import dev.orchard.operator.vm.Placement.On;
import dev.orchard.operator.vm.Placement.Room;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PlacementTest {
  private static final VMSpec SMALL = VMSpec.ofImage("default").withSize(1, 512);

  @Test
  void takesTheWorkerWithMostMemoryLeft() {
    assertThat(
            Placement.of(
                SMALL,
                List.of(worker("w1", 8, 4096), worker("w2", 8, 8192), worker("w3", 8, 4096)),
                Map.of("w2", new Room(1, 6144))))
        .isEqualTo(new On("w1"));
  }

  @Test
  void passesOverAWorkerWithMemoryButNoProcessorsLeft() {
    assertThat(
            Placement.of(
                SMALL,
                List.of(worker("w1", 8, 8192), worker("w2", 8, 4096)),
                Map.of("w1", new Room(8, 0))))
        .isEqualTo(new On("w2"));
  }

  @Test
  void fillsAWorkerToTheLastMebibyte() {
    assertThat(Placement.of(SMALL, List.of(worker("w1", 2, 1024)), Map.of("w1", new Room(1, 512))))
        .isEqualTo(new On("w1"));
  }

  @Test
  void findsTheWorkerWithTheRuntimeAndTheLabels() {
    Worker labelled = worker("w2", 2, 1024);
    labelled.getMetadata().setLabels(Map.of("zone", "a", "disk", "fast"));

    assertThat(
            Placement.of(
                SMALL.withRuntime("process").withWorkerSelector(Map.of("zone", "a")),
                List.of(worker("w1", 8, 8192), labelled),
                Map.of()))
        .isEqualTo(new On("w2"));
  }

  @Test
  void knowsWhatAWorkerRunsOnWithoutItBeingLabelled() {
    Worker mac = worker("w2", 2, 1024);
    mac.setStatus(
        mac.getStatus()
            .withRegistration(
                new WorkerCapacity(2, 1024), "darwin", "arm64", List.of("tart"), List.of(), "1"));
    List<Worker> workers = List.of(worker("w1", 8, 8192), mac);

    for (Map<String, String> selector :
        List.of(Map.of(Worker.OS_LABEL, "darwin"), Map.of(Worker.ARCH_LABEL, "arm64"))) {
      assertThat(Placement.of(SMALL.withWorkerSelector(selector), workers, Map.of()))
          .isEqualTo(new On("w2"));
    }
  }

  static Stream<Arguments> nowhere() {
    Worker silent = worker("w1", 8, 8192);
    silent.setStatus(
        silent
            .getStatus()
            .withCondition(
                Conditions.of(WorkerStatus.READY, Conditions.UNKNOWN, "Silent", "", NOW)));
    Worker closed = worker("w1", 8, 8192);
    closed.setSpec(new WorkerSpec(true));
    Worker unregistered = worker("w1", 0, 0);
    unregistered.setStatus(WorkerStatus.EMPTY);
    return Stream.of(
        Arguments.of(SMALL, List.of(), "NoWorkerReady", "start one"),
        Arguments.of(SMALL, List.of(silent), "NoWorkerReady", "w1"),
        Arguments.of(SMALL, List.of(unregistered), "NoWorkerReady", "w1"),
        Arguments.of(SMALL, List.of(closed), "Unschedulable", "spec.unschedulable"),
        Arguments.of(
            SMALL.withRuntime("qemu"), List.of(worker("w1", 8, 8192)), "NoRuntime", "w1 [process]"),
        Arguments.of(
            SMALL.withWorkerSelector(Map.of("zone", "a")),
            List.of(worker("w1", 8, 8192)),
            "NoMatch",
            "{zone=a}"),
        Arguments.of(
            SMALL.withSize(4, 2048),
            List.of(worker("w1", 2, 1024), worker("w2", 2, 8192)),
            "NoRoom",
            "needs 4 CPU and 2048 MiB, but w2, which has most left, has 2 CPU and 8192 MiB"));
  }

  @ParameterizedTest
  @MethodSource("nowhere")
  void saysWhyAndWhatWouldHelp(
      VMSpec spec, List<Worker> workers, String reason, String messagePart) {
    assertThat(Placement.of(spec, workers, Map.of()))
        .isInstanceOfSatisfying(
            Nowhere.class,
            nowhere -> {
              assertThat(nowhere.reason()).isEqualTo(reason);
              assertThat(nowhere.message()).contains(messagePart);
            });
  }
}

package dev.orchard.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.dev.guest.RuntimeChoice;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Clients come, read something and go, again and again. */
@Tag(FaultSizes.TAG)
@Tag("F17")
class ChurnIT {
  private static final int AT_ONCE = 8;

  /** Of a heap's growth over a half, beside 2 %: caches fill. */
  private static final long OTHERS_BYTES = 1 << 20;

  @Test
  void nothingStaysOfClientsThatHaveGone() throws Exception {
    RealSystem system = RealSystem.with(RuntimeChoice.PROCESS);
    Part replica = system.controllers().getFirst();
    Part worker = system.worker();
    int attachments = FaultSizes.F17_ATTACHMENTS.size();
    Summary summary = new Summary("F17", "clients come and go, half of them WebSockets");
    system.createVm("f17");
    try (Api api = new Api(system, 0)) {
      assertThat(
              api.start(
                  "f17", "f17", Map.of("command", List.of("sh", "-c", "seq 1 20000; sleep 3600"))))
          .isEqualTo(201);
    }
    Peer.Factory factory = new Peer.Factory(system, 0);
    churn(factory, attachments / 10);
    Footprint before = Footprint.of(replica);
    Footprint workerBefore = Footprint.of(worker);
    churn(factory, attachments / 2);
    before.awaitReturn(replica);
    workerBefore.awaitReturn(worker);
    Footprint half = Footprint.of(replica);
    Footprint workerHalf = Footprint.of(worker);
    churn(factory, attachments - attachments / 2);
    before.awaitReturn(replica);
    workerBefore.awaitReturn(worker);
    Footprint end = Footprint.of(replica);
    Footprint workerEnd = Footprint.of(worker);
    system.deleteVm("f17");
    summary
        .with("attachments", attachments)
        .with("replica before", before)
        .with("at half", half)
        .with("at the end", end)
        .with("worker before", workerBefore)
        .with("at half", workerHalf)
        .with("at the end", workerEnd)
        .write();
    assertThat(end.heapBytes()).isLessThan(most(before, half) * 102 / 100 + OTHERS_BYTES);
    assertThat(workerEnd.heapBytes())
        .isLessThan(most(workerBefore, workerHalf) * 102 / 100 + OTHERS_BYTES);
  }

  private static long most(Footprint one, Footprint other) {
    return Math.max(one.heapBytes(), other.heapBytes());
  }

  private static void churn(Peer.Factory factory, int times)
      throws InterruptedException, ExecutionException {
    try (ExecutorService slots = Executors.newFixedThreadPool(AT_ONCE)) {
      List<Future<?>> all =
          IntStream.range(0, times)
              .<Future<?>>mapToObj(i ->
                  slots.submit(() -> {
                    Peer peer =
                        i % 2 == 0 ? factory.lines("f17", "f17") : factory.socket("f17", "f17");
                    try (peer) {
                      assertThat(peer.read(i % 1_000)).hasSize(i % 1_000);
                    }
                    return null;
                  }))
              .toList();
      for (Future<?> one : all) {
        one.get();
      }
    }
  }
}

package dev.orchard.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.crds.worker.Worker;
import dev.orchard.dev.guest.RuntimeChoice;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A worker that knows one address only, behind which replicas come and go, as a Service's. */
@Tag(FaultSizes.TAG)
@Tag("F23")
class ReplicaReplacedIT {
  private static final int MOVED = RealSystem.REPLICAS - 1;

  /** DESIGN's time for a worker to find a new replica. */
  private static final Duration FOUND_WITHIN = Duration.ofSeconds(30);

  @Test
  void aWorkerFindsAReplicaAtItsNewAddressOverGrpc() throws Exception {
    RealSystem system = RealSystem.with(RuntimeChoice.PROCESS);
    replace(system, "f23-grpc", "127.0.0.1:", system::workerPort);
  }

  @Test
  void aWorkerFindsAReplicaAtItsNewAddressOverHttp() throws Exception {
    RealSystem system = RealSystem.with(RuntimeChoice.PROCESS);
    replace(system, "f23-http", "https://127.0.0.1:", system::port);
  }

  private static void replace(RealSystem system, String name, String at, IntUnaryOperator port)
      throws InterruptedException {
    int replacements = FaultSizes.F23_REPLACEMENTS.size();
    Summary summary =
        new Summary("F23", "a replica behind one address is replaced at another port, " + name)
            .with("replacements", replacements);
    List<Integer> ports = IntStream.rangeClosed(0, RealSystem.REPLICAS).map(port).boxed().toList();
    List<Part> stay = system.controllers().subList(0, MOVED);
    Part here = system.controllers().get(MOVED);
    Part there = system.controllerElsewhere(MOVED);
    String linked = "worker registered worker=" + name;
    String ended = "worker link over worker=" + name;
    List<Long> millis = new ArrayList<>();
    // Logs are those of earlier runs too.
    long endedBefore = count(stay, ended);
    long linkedBefore = count(system.controllers(), linked);
    long endedNow;
    try (FaultProxy service = FaultProxy.tcp(ports, () -> FaultPlan.NONE)) {
      Part worker = system.worker(name, at + service.port());
      worker.start();
      try {
        RealSystem.await(
            "a link to every replica",
            () -> count(system.controllers(), linked) >= linkedBefore + RealSystem.REPLICAS);
        for (int i = 0; i < replacements; i++) {
          Part before = i % 2 == 0 ? here : there;
          Part after = i % 2 == 0 ? there : here;
          long links = after.said(linked);
          long starts = after.said("controller started");
          before.kill();
          after.start();
          RealSystem.await(
              "the start of a replica", () -> after.said("controller started") > starts);
          long began = System.nanoTime();
          RealSystem.await("a link to the new replica", () -> after.said(linked) > links);
          millis.add(Duration.ofNanos(System.nanoTime() - began).toMillis());
        }
        endedNow = count(stay, ended);
      } finally {
        worker.kill();
        system.kubernetes().resources(Worker.class).withName(name).delete();
        there.kill();
        if (!here.alive()) {
          here.start();
          here.awaitReady();
        }
      }
    }
    Collections.sort(millis);
    summary
        .with(
            "found after p50/max",
            "%d/%d ms".formatted(millis.get(millis.size() / 2), millis.getLast()))
        .with("other links ended", endedNow - endedBefore)
        .write();
    assertThat(endedNow).isEqualTo(endedBefore);
    assertThat(millis).allSatisfy(time -> assertThat(time).isLessThan(FOUND_WITHIN.toMillis()));
  }

  private static long count(List<Part> parts, String words) {
    return parts.stream().mapToLong(part -> part.said(words)).sum();
  }
}

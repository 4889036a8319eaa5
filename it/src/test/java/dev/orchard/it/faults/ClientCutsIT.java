package dev.orchard.it.faults;

import dev.orchard.dev.guest.RuntimeChoice;
import java.net.URI;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Clients' connections are cut at any byte, in either direction, by RST, by FIN or after silence.
 */
@Tag(FaultSizes.TAG)
@Tag("F5")
class ClientCutsIT {
  private static final int MEAN_BYTES = 12_000;

  @Test
  void noByteIsLostOrDoubledUnderCutsOfClients() throws Exception {
    RealSystem system = RealSystem.with(RuntimeChoice.PROCESS);
    int cuts = FaultSizes.F5_CUTS.size();
    List<Integer> ports = IntStream.range(0, RealSystem.REPLICAS).mapToObj(system::port).toList();
    Random random = new Random(FaultSizes.seed());
    try (FaultProxy proxy = FaultProxy.tcp(ports, FaultPlan.cuts(random, MEAN_BYTES))) {
      Reader reader = new Reader(system, List.of(URI.create("https://127.0.0.1:" + proxy.port())));
      Summary summary = new Summary("F5", "connections of clients cut at any byte");
      // Runs are counted over connections that nobody cuts.
      try (Load load = new Load(system, reader, "f5", 20, 50)) {
        while (proxy.cuts() < cuts) {
          load.awaitProgress();
        }
        summary.with("cuts", proxy.cuts());
        load.end(summary);
      }
    }
  }
}

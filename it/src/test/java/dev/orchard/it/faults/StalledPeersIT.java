package dev.orchard.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.dev.guest.RuntimeChoice;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Clients whose connections stand and take nothing, for ever. */
@Tag(FaultSizes.TAG)
@Tag("F16")
class StalledPeersIT {
  /** More than what lies between a session's log and a client can hold. */
  private static final int BYTES = 8_000_000;

  @Test
  void clientsThatNeverReadAreFreed() throws Exception {
    RealSystem system = RealSystem.with(RuntimeChoice.PROCESS);
    Part replica = system.controllers().getFirst();
    int peers = FaultSizes.F16_PEERS.size();
    Summary summary = new Summary("F16", "clients that never read, half of them WebSockets");
    system.createVm("f16");
    try (Api api = new Api(system, 0)) {
      String script = "seq 1 9999999 | head -c %d; sleep 600".formatted(BYTES);
      assertThat(api.start("f16", "f16", Map.of("command", List.of("sh", "-c", script))))
          .isEqualTo(201);
    }
    Peer.Factory factory = new Peer.Factory(system, 0);
    factory.lines("f16", "f16").close();
    factory.socket("f16", "f16").close();
    Footprint before = Footprint.of(replica);
    Footprint workerBefore = Footprint.of(system.worker());
    List<Peer> stalled = new ArrayList<>();
    Footprint during;
    Footprint after;
    long freed;
    try {
      for (int i = 0; i < peers; i++) {
        stalled.add(i % 2 == 0 ? factory.lines("f16", "f16") : factory.socket("f16", "f16"));
      }
      long last = System.nanoTime();
      during = Footprint.of(replica);
      before.awaitReturn(replica);
      freed = Duration.ofNanos(System.nanoTime() - last).toSeconds();
      workerBefore.awaitReturn(system.worker());
      after = Footprint.of(replica);
    } finally {
      stalled.forEach(Peer::close);
    }
    system.deleteVm("f16");
    summary
        .with("clients", peers)
        .with("replica before", before)
        .with("during", during)
        .with("after", after)
        .with("last one freed after", freed + " s")
        .write();
    assertThat(during.descriptors())
        .isGreaterThanOrEqualTo(before.descriptors() + peers - Footprint.OTHERS);
  }
}

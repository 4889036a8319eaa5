package dev.orchard.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.Outcome;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Readers that read next to nothing of what a command prints, beside one that reads it all. */
@Tag(FaultSizes.TAG)
@Tag("F15")
class SlowReadersIT {
  /** Less than a log holds, so that nobody has to wait for anybody. */
  private static final int BYTES = 48_000_000;

  /** Its window of 256 KiB, which lies in buffers twice as large, and its connection. */
  private static final long PER_READER = 1 << 20;

  private static final int SLOW_BYTES = 1 << 10;
  private static final int LIMIT = 1 << 20;
  private static final int BEYOND_LIMIT = 16_000_000;

  private final String gates = "/tmp/orchard-gate-" + UUID.randomUUID();

  @Test
  void readersThatStopCostTheirWindowAndSlowNobody() throws Exception {
    RealSystem system = RealSystem.with(RuntimeChoice.PROCESS);
    Part replica = system.controllers().getFirst();
    int readers = FaultSizes.F15_READERS.size();
    Summary summary = new Summary("F15", "readers of 0 and 1 KiB/s beside one that reads all");
    system.createVm("f15");
    Reader reader = new Reader(system, List.of(system.server(0)));
    // What comes first is slower.
    new Run(reader, "f15-first").open().end();
    Duration alone = new Run(reader, "f15-alone").open().end();
    Footprint before = Footprint.of(replica);
    Footprint workerBefore = Footprint.of(system.worker());
    List<Peer> peers = new ArrayList<>();
    Footprint during;
    Footprint workerDuring;
    Duration among;
    try {
      Run run = new Run(reader, "f15-among");
      Peer.Factory factory = new Peer.Factory(system, 0);
      for (int i = 0; i < readers; i++) {
        Peer peer = factory.lines("f15", "f15-among");
        peers.add(peer);
        if (i % 2 == 0) {
          Thread.ofVirtual().start(() -> readSlowly(peer));
        }
      }
      run.open().awaitHalf();
      during = Footprint.of(replica);
      workerDuring = Footprint.of(system.worker());
      among = run.end();
    } finally {
      peers.forEach(Peer::close);
    }
    long grown = during.bytes() - before.bytes();
    summary
        .with("readers", readers)
        .with("bytes of the fast one", BYTES)
        .with("its rate to alone", "%.2f".formatted((double) alone.toNanos() / among.toNanos()))
        .with("replica before", before)
        .with("during", during)
        .with("KiB of heap for each", (during.heapBytes() - before.heapBytes()) / readers / 1_024)
        .with("and besides", (during.nativeBytes() - before.nativeBytes()) / readers / 1_024)
        .with("worker before", workerBefore)
        .with("during", workerDuring)
        .write();
    assertThat(during.descriptors())
        .isGreaterThanOrEqualTo(before.descriptors() + readers - Footprint.OTHERS);
    assertThat(grown).isLessThan(readers * PER_READER);
    before.awaitReturn(replica);
    workerBefore.awaitReturn(system.worker());
    system.deleteVm("f15");
  }

  private static void readSlowly(Peer peer) {
    try {
      while (peer.read(SLOW_BYTES).length > 0) {
        Thread.sleep(Duration.ofSeconds(1));
      }
    } catch (IOException | InterruptedException _) {
      // Closed.
    }
  }

  /** A command that prints much once it is let, and who reads all of it. */
  private final class Run {
    private final Reader reader;
    private final String gate;
    private final AtomicLong received = new AtomicLong();
    private final CountDownLatch started = new CountDownLatch(1);
    private final CountDownLatch half = new CountDownLatch(1);
    private final FutureTask<Outcome> reading;
    private long opened;

    /** Returns when it runs. */
    Run(Reader reader, String name) throws InterruptedException {
      this.reader = reader;
      this.gate = gates + "-" + name;
      String script = "echo; until [ -e $0 ]; do sleep 0.1; done; seq 1 9999999 | head -c $1";
      List<String> command = List.of("sh", "-c", script, gate, Integer.toString(BYTES));
      reading = new FutureTask<>(() -> reader.run("f15", name, command, this::received, _ -> {}));
      Thread.ofVirtual().start(reading);
      started.await();
    }

    private void received(Frame.Output output) {
      started.countDown();
      if (received.addAndGet(output.data().size()) > BYTES / 2) {
        half.countDown();
      }
    }

    Run open() throws InterruptedException {
      var _ = reader.run("f15", gate.substring(5), List.of("touch", gate), _ -> {}, _ -> {});
      opened = System.nanoTime();
      return this;
    }

    void awaitHalf() throws InterruptedException {
      half.await();
    }

    /** How long it took; every byte has come. */
    Duration end() throws InterruptedException, ExecutionException {
      Outcome outcome = reading.get();
      Duration took = Duration.ofNanos(System.nanoTime() - opened);
      assertThat(outcome).isInstanceOf(Outcome.Known.class);
      assertThat(((Outcome.Known) outcome).exit().stdoutBytes()).isEqualTo(BYTES + 1);
      assertThat(received).hasValue(BYTES + 1);
      return took;
    }
  }

  @Test
  void aFullLogMakesTheProcessWaitWhereItsStarterSaysSo() throws Exception {
    RealSystem system = RealSystem.with(RuntimeChoice.PROCESS);
    Summary summary = new Summary("F15", "nobody reads 16 MB through a log of 1 MiB");
    system.createVm("f15-limit");
    try (Api api = new Api(system, 0)) {
      for (String onLimit : List.of("DropOldest", "Block")) {
        int status =
            api.start(
                "f15-limit",
                "f15-" + onLimit.toLowerCase(Locale.ROOT),
                Map.of(
                    "command",
                    List.of("sh", "-c", "seq 1 9999999 | head -c " + BEYOND_LIMIT),
                    "output",
                    Map.of("limit", LIMIT, "onLimit", onLimit)));
        assertThat(status).isEqualTo(201);
      }
    }
    RealSystem.await(
        "the end of who drops what is oldest", () -> ended(system).contains("f15-dropoldest"));
    boolean waited = !ended(system).contains("f15-block");
    AtomicLong received = new AtomicLong();
    // Fails where it is told of a gap.
    Outcome outcome =
        new Reader(system)
            .read("f15-limit", "f15-block", frame -> received.addAndGet(frame.data().size()));
    system.deleteVm("f15-limit");
    summary.with("who blocks waited", waited).with("bytes without a gap", received).write();
    assertThat(waited).isTrue();
    assertThat(outcome).isInstanceOf(Outcome.Known.class);
    assertThat(received).hasValue(BEYOND_LIMIT);
  }

  private static List<String> ended(RealSystem system) {
    return system.execs("f15-limit").stream()
        .filter(exec -> exec.statusOrEmpty().exit() != null)
        .map(exec -> exec.getMetadata().getName())
        .toList();
  }
}

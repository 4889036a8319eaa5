package dev.orchard.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.Outcome;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The same start from many clients at once, at several replicas, whose answers get lost. */
@Tag(FaultSizes.TAG)
@Tag("F6")
@Tag("F7")
class StartStormIT {
  private static final int CLIENTS = 16;
  private static final int NAMES_AT_ONCE = 4;

  /** Few answers get through whole: a start's headers and first lines are as long. */
  private static final int MEAN_BYTES = 4_000;

  private final Queue<String> defects = new ConcurrentLinkedQueue<>();
  private final AtomicInteger conflicts = new AtomicInteger();

  @Test
  void eachNameRunsOnce() throws Exception {
    RealSystem system = RealSystem.with(RuntimeChoice.PROCESS);
    int names = FaultSizes.F6_NAMES.size();
    Summary summary =
        new Summary("F6, F7", "16 clients start the same name, their answers cut off");
    system.createVm("f6");
    Runs runs = new Runs(new Reader(system));
    List<Integer> ports = IntStream.range(0, RealSystem.REPLICAS).mapToObj(system::port).toList();
    Random random = new Random(FaultSizes.seed());
    int cuts;
    try (FaultProxy proxy = FaultProxy.tcp(ports, FaultPlan.cuts(random, MEAN_BYTES))) {
      Reader reader = new Reader(system, List.of(URI.create("https://127.0.0.1:" + proxy.port())));
      Semaphore room = new Semaphore(NAMES_AT_ONCE);
      for (int i = 0; i < names; i++) {
        String name = "f6-" + i;
        room.acquire();
        storm(reader, runs, name, room);
      }
      room.acquire(NAMES_AT_ONCE);
      cuts = proxy.cuts();
    }
    try (Api api = new Api(system, 0)) {
      for (int i = 0; i < names; i++) {
        other(api, "f6-" + i);
      }
    }
    Map<String, Integer> ran = runs.count("f6");
    system.deleteVm("f6");
    summary
        .with("names", names)
        .with("starts", names * CLIENTS)
        .with("cuts", cuts)
        .with("runs", ran.values().stream().mapToInt(Integer::intValue).sum())
        .with("other commands refused", conflicts)
        .with("defects", defects.size())
        .write();
    assertThat(defects).isEmpty();
    assertThat(ran).hasSize(names).allSatisfy((_, times) -> assertThat(times).isEqualTo(1));
    assertThat(conflicts).hasValue(names);
  }

  private void storm(Reader reader, Runs runs, String name, Semaphore room) {
    AtomicInteger left = new AtomicInteger(CLIENTS);
    List<String> command =
        List.of("sh", "-c", "mkdir -p $0; echo run >> $0/$1; echo done $1", runs.folder(), name);
    for (int i = 0; i < CLIENTS; i++) {
      Thread.ofVirtual()
          .start(() -> {
            StringBuilder said = new StringBuilder();
            try {
              Outcome outcome =
                  reader.run(
                      "f6",
                      name,
                      command,
                      frame -> said.append(frame.data().toStringUtf8()),
                      _ -> {});
              if (!(outcome instanceof Outcome.Known(Frame.Exit exit))
                  || !Objects.equals(exit.code(), 0)
                  || !said.toString().equals("done " + name + "\n")) {
                defects.add("%s: %s, said %s".formatted(name, outcome, said));
              }
            } catch (InterruptedException | RuntimeException e) {
              defects.add(name + ": " + e);
            } finally {
              if (left.decrementAndGet() == 0) {
                room.release();
              }
            }
          });
    }
  }

  /** Another command under the same name. */
  private void other(Api api, String name) throws Exception {
    int status = api.start("f6", name, Map.of("command", List.of("id")));
    if (status == 409) {
      conflicts.incrementAndGet();
    } else {
      defects.add("%s: another command got %d".formatted(name, status));
    }
  }
}

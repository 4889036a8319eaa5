package dev.orchard.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.session.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A guest agent dies, and with it all that only it knew: that is told, and the rest is kept. */
@Tag(FaultSizes.TAG)
@Tag("F9")
class AgentKillsIT {
  private static final int AT_ONCE = 4;
  private static final String COUNTER = "f9-counter";

  private final Queue<String> defects = new ConcurrentLinkedQueue<>();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicInteger lost = new AtomicInteger();

  @Test
  void aDeadAgentsSessionsAreLostAndKeepWhatTheyHadPrinted() throws Exception {
    RealSystem system = RealSystem.with(RuntimeChoice.PROCESS);
    Runs runs = new Runs(new Reader(system));
    int kills = FaultSizes.F9_KILLS.size();
    Summary summary = new Summary("F9", "kill -9 of the guest agent").with("kills", kills);
    system.createVm(COUNTER);
    AtomicInteger next = new AtomicInteger();
    List<Thread> killers = new ArrayList<>();
    for (int i = 0; i < AT_ONCE; i++) {
      Random random = new Random(FaultSizes.seed() + i);
      killers.add(
          Thread.ofVirtual()
              .start(() -> {
                for (int n = next.getAndIncrement(); n < kills; n = next.getAndIncrement()) {
                  kill(system, runs, "f9-" + n, random);
                }
              }));
    }
    for (Thread killer : killers) {
      killer.join();
    }
    Map<String, Integer> ran = runs.count(COUNTER);
    system.deleteVm(COUNTER);
    summary
        .with("told as Lost", lost)
        .with("bytes kept", bytes)
        .with("runs", ran.values().stream().mapToInt(Integer::intValue).sum())
        .with("defects", defects.size())
        .write();
    assertThat(defects).isEmpty();
    assertThat(ran).hasSize(kills).allSatisfy((_, times) -> assertThat(times).isEqualTo(1));
  }

  private void kill(RealSystem system, Runs runs, String vm, Random random) {
    try {
      system.createVm(vm);
      Reader reader = new Reader(system);
      NumberedLines stdout = new NumberedLines();
      NumberedLines stderr = new NumberedLines();
      CountDownLatch prints = new CountDownLatch(1);
      List<String> command = NumberedLines.command(runs.folder(), vm, 100);
      Thread killer =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  prints.await();
                  Thread.sleep(random.nextInt(1_500));
                } catch (InterruptedException _) {
                  return;
                }
                system.machine(vm).destroyForcibly();
              });
      Outcome outcome =
          reader.run(
              vm,
              vm,
              command,
              frame -> {
                (frame.stream() == StdStream.STDOUT ? stdout : stderr).received(frame.data());
                prints.countDown();
              },
              _ -> {});
      killer.join();
      NumberedLines again = new NumberedLines();
      NumberedLines errorsAgain = new NumberedLines();
      Outcome same =
          reader.read(
              vm,
              vm,
              frame ->
                  (frame.stream() == StdStream.STDOUT ? again : errorsAgain)
                      .received(frame.data()));
      if (outcome instanceof Outcome.Known(Frame.Exit exit)
          && exit.reason() == ExitReason.LOST
          && outcome.equals(same)
          && exit.stdoutBytes() == stdout.bytes()
          && exit.stderrBytes() == stderr.bytes()
          && again.bytes() == stdout.bytes()
          && errorsAgain.bytes() == stderr.bytes()
          && stdout.isFlawless()
          && stderr.isFlawless()) {
        lost.incrementAndGet();
      } else {
        defects.add("%s: %s, then %s".formatted(vm, outcome, same));
      }
      bytes.addAndGet(stdout.bytes() + stderr.bytes());
      system.deleteVm(vm);
    } catch (InterruptedException | RuntimeException | AssertionError e) {
      defects.add(vm + ": " + e);
    }
  }
}

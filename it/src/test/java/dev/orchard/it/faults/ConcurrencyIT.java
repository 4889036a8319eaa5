package dev.orchard.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.dev.guest.RuntimeChoice;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Very many commands at a time, each of which prints a lot. */
@Tag(FaultSizes.TAG)
@Tag("F18")
class ConcurrencyIT {
  /** An agent runs 256 sessions at a time. */
  private static final int PER_VM = 200;

  private static final long BYTES = 5_000_000;

  private final Queue<String> defects = new ConcurrentLinkedQueue<>();
  private final AtomicLong bytes = new AtomicLong();

  @Test
  void noneOfManyCommandsFails() throws Exception {
    RealSystem system = RealSystem.with(RuntimeChoice.PROCESS);
    int sessions = FaultSizes.F18_SESSIONS.size();
    Summary summary = new Summary("F18", "commands of 5 MB each, all at once");
    int vms = (sessions + PER_VM - 1) / PER_VM;
    for (int i = 0; i < vms; i++) {
      system.createVm("f18-" + i);
    }
    Reader reader = new Reader(system);
    List<Thread> readers = new ArrayList<>();
    for (int i = 0; i < sessions; i++) {
      String vm = "f18-" + i % vms;
      String name = vm + "-" + i;
      readers.add(Thread.ofVirtual().start(() -> read(reader, vm, name)));
    }
    for (Thread one : readers) {
      one.join();
    }
    for (int i = 0; i < vms; i++) {
      system.deleteVm("f18-" + i);
    }
    summary
        .with("sessions", sessions)
        .with("VMs", vms)
        .with("bytes", bytes)
        .with("errors", defects.size())
        .write();
    assertThat(defects).isEmpty();
    assertThat(bytes).hasValue(sessions * BYTES);
  }

  private void read(Reader reader, String vm, String name) {
    AtomicLong received = new AtomicLong();
    try {
      Outcome outcome =
          reader.run(
              vm,
              name,
              List.of("sh", "-c", "seq 1 1000000 | head -c 5000000"),
              frame -> received.addAndGet(frame.data().size()),
              _ -> {});
      if (!(outcome instanceof Outcome.Known(Frame.Exit exit))
          || exit.stdoutBytes() != BYTES
          || received.get() != BYTES) {
        defects.add("%s: %s after %d bytes".formatted(name, outcome, received.get()));
      }
    } catch (InterruptedException | RuntimeException e) {
      defects.add(name + ": " + e);
    }
    bytes.addAndGet(received.get());
  }
}

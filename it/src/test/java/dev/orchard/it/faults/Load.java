package dev.orchard.it.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.crds.vmexec.VMExec;
import dev.orchard.crds.vmexec.VMExecState;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.session.Outcome;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Consumer;

/**
 * Commands that stream numbered lines in one VM, so many at a time: where one ends another begins.
 * What each delivers is compared byte by byte as it comes, and how often it ran is asked of the
 * guest in the end.
 */
final class Load implements AutoCloseable {
  /** Objects of ended sessions. */
  private static final int KEPT = 100;

  private final RealSystem system;
  private final String vm;
  private final int chunks;
  private final Runs runs;
  private final Reader reader;
  private final AtomicLongArray delivered;
  private final AtomicLong lost = new AtomicLong();
  private final AtomicLong doubled = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();
  private final List<Long> resumes = Collections.synchronizedList(new ArrayList<>());
  private final Queue<String> started = new ConcurrentLinkedQueue<>();
  private final Set<String> ended = ConcurrentHashMap.newKeySet();
  private final Queue<String> defects = new ConcurrentLinkedQueue<>();
  private final List<Thread> slots = new ArrayList<>();
  private volatile boolean ending;

  /**
   * Begins.
   *
   * @param vm that is made for it
   * @param sessions at a time
   * @param chunks that each prints, five in a second
   */
  Load(RealSystem system, String vm, int sessions, int chunks) {
    this(system, new Reader(system), vm, sessions, chunks);
  }

  /** As the other, with a reader of one's own. */
  Load(RealSystem system, Reader reader, String vm, int sessions, int chunks) {
    this.system = system;
    this.vm = vm;
    this.chunks = chunks;
    system.createVm(vm);
    this.reader = reader;
    this.runs = new Runs(reader);
    this.delivered = new AtomicLongArray(sessions);
    for (int slot = 0; slot < sessions; slot++) {
      int own = slot;
      slots.add(Thread.ofVirtual().name("slot-" + slot).start(() -> stream(own)));
    }
  }

  /** Returns when every session has got output that came after this call. */
  void awaitProgress() {
    // What a replica must read as it starts is not to grow with the number of kills.
    if (ended.size() > KEPT) {
      judge();
    }
    long now = System.nanoTime();
    RealSystem.await(
        "output of all sessions",
        () -> {
          for (int slot = 0; slot < delivered.length(); slot++) {
            if (delivered.get(slot) - now <= 0 && slots.get(slot).isAlive()) {
              return false;
            }
          }
          return true;
        });
  }

  /**
   * Lets the sessions that run end, and begins none any more.
   *
   * @param summary gets the figures and is written
   */
  void end(Summary summary) throws InterruptedException {
    ending = true;
    for (Thread slot : slots) {
      slot.join();
    }
    Map<String, Integer> ran = runs.count(vm);
    RealSystem.await(
        "every object's outcome",
        () -> {
          judge();
          return ended.isEmpty();
        });
    started.stream()
        .filter(name -> ran.getOrDefault(name, 0) != 1)
        .forEach(name -> defects.add(name + " ran " + ran.get(name) + " times"));
    Collections.sort(resumes);
    summary
        .with("sessions", started.size())
        .with("bytes", bytes)
        .with("lost", lost)
        .with("doubled", doubled)
        .with("runs", ran.values().stream().mapToInt(Integer::intValue).sum())
        .with("resumes", resumes.size())
        .with("resume p50/p99/max", "%d/%d/%d ms".formatted(resume(0.5), resume(0.99), resume(1)))
        .with("defects", defects.size())
        .write();
    assertThat(defects).isEmpty();
    assertThat(lost).hasValue(0);
    assertThat(doubled).hasValue(0);
    assertThat(ran).hasSameSizeAs(started);
  }

  /** Looks at the objects of sessions that have ended, and deletes those that say how. */
  private void judge() {
    for (VMExec exec : system.execs(vm)) {
      String name = exec.getMetadata().getName();
      if (exec.statusOrEmpty().exit() == null || !ended.remove(name)) {
        continue;
      }
      if (exec.statusOrEmpty().state() != VMExecState.SUCCEEDED) {
        defects.add(name + " has " + exec.getStatus());
      }
      system.kubernetes().resource(exec).delete();
    }
  }

  /** Deletes the VM, with what still runs in it. */
  @Override
  public void close() {
    ending = true;
    slots.forEach(Thread::interrupt);
    system.deleteVm(vm);
  }

  private long resume(double quantile) {
    return resumes.isEmpty() ? 0 : resumes.get((int) Math.ceil(quantile * resumes.size()) - 1);
  }

  private void stream(int slot) {
    for (int i = 0; !ending; i++) {
      String name = "%s-%d-%d".formatted(vm, slot, i);
      started.add(name);
      NumberedLines stdout = new NumberedLines();
      NumberedLines stderr = new NumberedLines();
      Consumer<Frame.Output> output =
          frame -> {
            (frame.stream() == StdStream.STDOUT ? stdout : stderr).received(frame.data());
            delivered.set(slot, System.nanoTime());
          };
      try {
        Outcome outcome =
            reader.run(
                vm, name, NumberedLines.command(runs.folder(), name, chunks), output, resumes::add);
        if (!(outcome instanceof Outcome.Known(Frame.Exit exit))
            || !Objects.equals(exit.code(), 0)) {
          defects.add(name + " ended as " + outcome);
        }
      } catch (InterruptedException _) {
        defects.add(name + " was interrupted");
        return;
      } catch (RuntimeException | Error e) {
        defects.add(name + ": " + e);
      }
      ended.add(name);
      lost.addAndGet(stdout.lost() + stderr.lost());
      doubled.addAndGet(stdout.doubled() + stderr.doubled());
      bytes.addAndGet(stdout.bytes() + stderr.bytes());
      if (stdout.bytes() != NumberedLines.stdoutBytes(chunks)
          || stderr.bytes() != NumberedLines.stderrBytes(chunks)
          || stdout.garbled() + stderr.garbled() > 0) {
        defects.add(
            "%s delivered %d and %d bytes, %d of them none of its own"
                .formatted(
                    name, stdout.bytes(), stderr.bytes(), stdout.garbled() + stderr.garbled()));
      }
    }
  }
}

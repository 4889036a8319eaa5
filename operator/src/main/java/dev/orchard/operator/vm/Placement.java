package dev.orchard.operator.vm;

import dev.orchard.crds.vm.VMSpec;
import dev.orchard.crds.worker.Worker;
import dev.orchard.crds.worker.WorkerCapacity;
import dev.orchard.crds.worker.WorkerStatus;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Where a VM goes. */
sealed interface Placement {
  /** To this worker. */
  record On(String workerName) implements Placement {}

  /** Nowhere now. The reason is one word, the message says what would help. */
  record Nowhere(String reason, String message) implements Placement {}

  /** What VMs take, or leave, of a worker. */
  record Room(int cpu, long memoryMib) {
    static final Room NONE = new Room(0, 0);

    static Room of(VMSpec spec) {
      return new Room(spec.cpu(), spec.memoryMib());
    }

    Room plus(Room other) {
      return new Room(cpu + other.cpu, memoryMib + other.memoryMib);
    }

    Room minus(Room other) {
      return new Room(cpu - other.cpu, memoryMib - other.memoryMib);
    }

    boolean holds(Room other) {
      return cpu >= other.cpu && memoryMib >= other.memoryMib;
    }

    @Override
    public String toString() {
      return cpu + " CPU and " + memoryMib + " MiB";
    }
  }

  /**
   * Of the workers that are ready, take VMs, and have runtime, labels and room, the one with most
   * memory left; of equals the first by name.
   *
   * @param used what the VMs take that have been placed, by worker
   */
  static Placement of(VMSpec spec, Collection<Worker> workers, Map<String, Room> used) {
    if (workers.isEmpty()) {
      return new Nowhere(
          "NoWorkerReady", "no worker has registered; start one that dials this controller");
    }
    List<Worker> ready = filter(workers, worker -> worker.statusOrEmpty().ready());
    if (ready.isEmpty()) {
      return new Nowhere(
          "NoWorkerReady", "not ready: " + names(workers) + "; see their condition Ready");
    }
    List<Worker> open = filter(ready, worker -> !worker.specOrDefault().unschedulable());
    if (open.isEmpty()) {
      return new Nowhere(
          "Unschedulable",
          "unschedulable: " + names(ready) + "; set spec.unschedulable of one to false");
    }
    String runtime = spec.runtime();
    List<Worker> able =
        runtime == null
            ? open
            : filter(open, worker -> worker.statusOrEmpty().runtimes().contains(runtime));
    if (able.isEmpty()) {
      return new Nowhere(
          "NoRuntime",
          "runtime "
              + runtime
              + " is not among those of "
              + open.stream()
                  .map(worker -> name(worker) + " " + worker.statusOrEmpty().runtimes())
                  .sorted()
                  .collect(Collectors.joining(", "))
              + "; create the VM with another spec.runtime or add a worker");
    }
    List<Worker> matching = filter(able, worker -> matches(worker, spec.workerSelector()));
    if (matching.isEmpty()) {
      return new Nowhere(
          "NoMatch",
          "no worker of "
              + names(able)
              + " has the labels "
              + new TreeMap<>(spec.workerSelector())
              + "; label one or change spec.workerSelector");
    }
    Worker best =
        matching.stream()
            .min(
                Comparator.comparing((Worker worker) -> !fits(worker, spec, used))
                    .thenComparingLong(worker -> -free(worker, used).memoryMib())
                    .thenComparing(Placement::name))
            .orElseThrow();
    return fits(best, spec, used)
        ? new On(name(best))
        : new Nowhere(
            "NoRoom",
            "needs "
                + Room.of(spec)
                + ", but "
                + name(best)
                + ", which has most left, has "
                + free(best, used)
                + "; delete a VM, ask for less or add a worker");
  }

  private static boolean matches(Worker worker, Map<String, String> selector) {
    return worker.allLabels().entrySet().containsAll(selector.entrySet());
  }

  private static boolean fits(Worker worker, VMSpec spec, Map<String, Room> used) {
    return free(worker, used).holds(Room.of(spec));
  }

  private static Room free(Worker worker, Map<String, Room> used) {
    WorkerStatus status = worker.statusOrEmpty();
    WorkerCapacity capacity = status.capacity();
    Room all = capacity == null ? Room.NONE : new Room(capacity.cpu(), capacity.memoryMib());
    return all.minus(used.getOrDefault(name(worker), Room.NONE));
  }

  private static List<Worker> filter(Collection<Worker> workers, Predicate<Worker> condition) {
    return workers.stream().filter(condition).toList();
  }

  private static String names(Collection<Worker> workers) {
    return workers.stream().map(Placement::name).sorted().collect(Collectors.joining(", "));
  }

  private static String name(Worker worker) {
    return worker.getMetadata().getName();
  }
}

package dev.orchard.operator.vm;

import dev.orchard.crds.vm.VM;
import dev.orchard.crds.vm.VMStatus;
import dev.orchard.crds.worker.Worker;
import dev.orchard.operator.vm.Placement.Room;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Places one VM at a time, so that no room is given away twice. What has been decided but cannot be
 * seen in the cache yet is remembered until it can.
 */
final class PlacementLedger {
  private record Promise(String workerName, Room room) {}

  private final ReentrantLock lock = new ReentrantLock();

  /** By the VM's UID. Guarded by lock. */
  private final Map<String, Promise> unseen = new HashMap<>();

  /**
   * Decides, and holds the room until the decision is seen or {@link #forget forgotten}.
   *
   * @param workers all of them, from a cache
   * @param vms all of them, from a cache: asked under the lock, so that it is never older than what
   *     has been seen and struck off
   */
  Placement place(VM vm, Supplier<Collection<Worker>> workers, Supplier<Collection<VM>> vms) {
    lock.lock();
    try {
      String uid = vm.getMetadata().getUid();
      Placement placement = Placement.of(vm.getSpec(), workers.get(), used(uid, vms.get()));
      if (placement instanceof Placement.On(String workerName)) {
        unseen.put(uid, new Promise(workerName, Room.of(vm.getSpec())));
      }
      return placement;
    } finally {
      lock.unlock();
    }
  }

  /** The decision was not written, or the VM is gone. */
  void forget(String uid) {
    lock.lock();
    try {
      unseen.remove(uid);
    } finally {
      lock.unlock();
    }
  }

  private Map<String, Room> used(String placing, Collection<VM> vms) {
    unseen.remove(placing);
    Map<String, Room> used = new HashMap<>();
    for (VM vm : vms) {
      VMStatus status = vm.statusOrEmpty();
      String uid = vm.getMetadata().getUid();
      String workerName = status.workerName();
      if (workerName == null || uid.equals(placing)) {
        continue;
      }
      Promise promise = unseen.get(uid);
      if (promise != null && promise.workerName().equals(workerName)) {
        unseen.remove(uid);
      }
      // While another worker is promised, the cache shows where the VM has been.
      if (!unseen.containsKey(uid) && !gone(status)) {
        used.merge(workerName, Room.of(vm.getSpec()), Room::plus);
      }
    }
    unseen
        .values()
        .forEach(promise -> used.merge(promise.workerName(), promise.room(), Room::plus));
    return used;
  }

  /** Whether its worker has said that it holds nothing of it. */
  static boolean gone(VMStatus status) {
    Optional<String> reason = status.condition(VMStatus.READY).map(ready -> ready.getReason());
    return reason.filter(VMStatus.REASON_GONE::equals).isPresent();
  }
}

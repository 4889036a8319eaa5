package dev.orchard.worker.gateway;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.orchard.worker.session.SessionListener;
import dev.orchard.worker.session.SessionStatus;
import dev.orchard.worker.vm.Uid;
import dev.orchard.worker.vm.VmListener;
import dev.orchard.worker.vm.VmState;
import dev.orchard.worker.vm.VmStatus;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The latest of everything on this worker that controllers should know, so that a new link can
 * report it all. Any thread may post and look; nothing blocks under its lock.
 */
public final class Noticeboard implements VmListener, SessionListener {
  /** Is told each notice, on the thread that posts it. Must not block. */
  interface Watcher {
    void changed(VmStatus status);

    void changed(SessionStatus status);

    /** {@link #diskPressure} has changed. */
    void diskPressureChanged();
  }

  private final List<Watcher> watchers = new CopyOnWriteArrayList<>();
  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private final Map<Uid, VmStatus> vms = new HashMap<>();

  @GuardedBy("lock")
  private final Map<Uid, SessionStatus> sessions = new HashMap<>();

  private volatile String diskPressure = "";

  /** Why there is no room for sessions; empty while there is. */
  String diskPressure() {
    return diskPressure;
  }

  /** A VM as it was last reported; empty if nothing of it is here. */
  public Optional<VmStatus> vm(Uid uid) {
    lock.lock();
    try {
      return Optional.ofNullable(vms.get(uid));
    } finally {
      lock.unlock();
    }
  }

  void watch(Watcher watcher) {
    watchers.add(watcher);
  }

  void forget(Watcher watcher) {
    watchers.remove(watcher);
  }

  /** Tells one watcher all that is on the board, in order with what changes meanwhile. */
  void repeat(Watcher watcher) {
    lock.lock();
    try {
      vms.values().forEach(watcher::changed);
      sessions.values().forEach(watcher::changed);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void changed(VmStatus status) {
    lock.lock();
    try {
      // Who asks to delete what is gone is told again each time; the board need not keep it.
      if (status.state() == VmState.GONE) {
        vms.remove(status.uid());
      } else {
        vms.put(status.uid(), status);
      }
      watchers.forEach(watcher -> watcher.changed(status));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void changed(SessionStatus status) {
    lock.lock();
    try {
      sessions.put(status.uid(), status);
      watchers.forEach(watcher -> watcher.changed(status));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void settled(Uid uid) {
    lock.lock();
    try {
      sessions.remove(uid);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void storage(String why) {
    diskPressure = why;
    watchers.forEach(Watcher::diskPressureChanged);
  }
}

package dev.orchard.worker.gateway;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.orchard.proto.worker.v1.Instruction;
import dev.orchard.proto.worker.v1.WorkerReport;
import dev.orchard.worker.session.SessionStatus;
import dev.orchard.worker.vm.Uid;
import dev.orchard.worker.vm.VmStatus;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What waits for a link's thread: instructions, of which flow control lets only a few come ahead,
 * and for each VM and session its latest state. Anybody may put in; one thread takes.
 */
final class LinkMailbox implements Noticeboard.Watcher {
  /** What the link's thread does next. */
  sealed interface Work {
    record Obey(Instruction instruction) implements Work {}

    record Register() implements Work {}

    record Report(WorkerReport report) implements Work {}

    /** Nothing, for the time that was given. */
    record Pause() implements Work {}

    /** {@code why} is absent if the replica has ended the link regularly. */
    record End(@Nullable String why) implements Work {}
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  @GuardedBy("lock")
  private final Map<Uid, VmStatus> vms = new LinkedHashMap<>();

  @GuardedBy("lock")
  private final Map<Uid, SessionStatus> sessions = new LinkedHashMap<>();

  @GuardedBy("lock")
  private final Queue<Instruction> instructions = new ArrayDeque<>();

  @GuardedBy("lock")
  private boolean connected;

  @GuardedBy("lock")
  private boolean unregistered;

  @GuardedBy("lock")
  private boolean synced;

  @GuardedBy("lock")
  private Work.@Nullable End ended;

  /** From now on something is reported. */
  void open() {
    lock.lock();
    try {
      connected = true;
    } finally {
      lock.unlock();
    }
  }

  void close() {
    lock.lock();
    try {
      connected = false;
    } finally {
      lock.unlock();
    }
  }

  boolean isOpen() {
    lock.lock();
    try {
      return connected;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void changed(VmStatus status) {
    lock.lock();
    try {
      if (connected) {
        vms.put(status.uid(), status);
        changed.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void diskPressureChanged() {
    registerAgain();
  }

  @Override
  public void changed(SessionStatus status) {
    lock.lock();
    try {
      if (connected) {
        sessions.put(status.uid(), status);
        changed.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** What the worker says of itself is not as it was. */
  void registerAgain() {
    lock.lock();
    try {
      unregistered = connected;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  void instruct(Instruction instruction) {
    lock.lock();
    try {
      instructions.add(instruction);
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  void end(@Nullable String why) {
    lock.lock();
    try {
      if (ended == null) {
        ended = new Work.End(why);
      }
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /** The stream may take more. */
  void ready() {
    lock.lock();
    try {
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for work. What is to be sent only comes while the stream has room for it; that everything
   * was reported comes when everything was.
   */
  Work next(BooleanSupplier room, Duration patience) throws InterruptedException {
    lock.lock();
    try {
      long left = patience.toNanos();
      Work work = pending(room);
      while (work == null && left > 0) {
        left = changed.awaitNanos(left);
        work = pending(room);
      }
      return work == null ? new Work.Pause() : work;
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private @Nullable Work pending(BooleanSupplier room) {
    if (ended != null) {
      return ended;
    }
    Instruction instruction = instructions.poll();
    if (instruction != null) {
      return new Work.Obey(instruction);
    }
    if (!room.getAsBoolean()) {
      return null;
    }
    if (unregistered) {
      unregistered = false;
      return new Work.Register();
    }
    VmStatus vm = takeFirst(vms);
    if (vm != null) {
      return new Work.Report(Reports.vm(vm));
    }
    SessionStatus session = takeFirst(sessions);
    if (session != null) {
      return new Work.Report(Reports.exec(session));
    }
    if (!synced) {
      synced = true;
      return new Work.Report(Reports.SYNCED);
    }
    return null;
  }

  private static <T> @Nullable T takeFirst(Map<Uid, T> pending) {
    Iterator<T> first = pending.values().iterator();
    if (!first.hasNext()) {
      return null;
    }
    T taken = first.next();
    first.remove();
    return taken;
  }
}

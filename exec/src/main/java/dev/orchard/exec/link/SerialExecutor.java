package dev.orchard.exec.link;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs what is added one after the other, in order, on another executor. Adding and scheduling are
 * apart, so that things can be added under a lock and run without it.
 */
final class SerialExecutor {
  private static final Logger LOG = LoggerFactory.getLogger(SerialExecutor.class);

  private final Executor executor;
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean running = new AtomicBoolean();

  SerialExecutor(Executor executor) {
    this.executor = executor;
  }

  void add(Runnable task) {
    tasks.add(task);
  }

  void schedule() {
    if (tasks.isEmpty() || !running.compareAndSet(false, true)) {
      return;
    }
    try {
      executor.execute(this::drain);
    } catch (RejectedExecutionException e) {
      // The caller's executor is gone, and with it everybody who would listen.
      tasks.clear();
      running.set(false);
      LOG.debug("callbacks dropped, their executor takes no more", e);
    }
  }

  private void drain() {
    try {
      for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
        task.run();
      }
    } finally {
      running.set(false);
    }
    // Something may have been added after the last poll and before the flag fell.
    schedule();
  }
}

package dev.orchard.dev;

import java.util.concurrent.CountDownLatch;

/**
 * Runs a task on the calling thread such that SIGTERM and Ctrl-C let it end in order: the task is
 * interrupted, wherever it is, and the process waits for it.
 */
public final class UntilStopped {
  private static final int INTERRUPTED = 130;

  private UntilStopped() {}

  /** What is to be run; answers the process' exit code. */
  @FunctionalInterface
  public interface Task {
    int run() throws InterruptedException;
  }

  /** Returns the task's exit code. */
  public static int run(Task task) {
    Thread runner = Thread.currentThread();
    CountDownLatch ended = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .name("stop")
                .unstarted(() -> {
                  if (ended.getCount() > 0) {
                    runner.interrupt();
                    awaitEnd(ended);
                  }
                }));
    try {
      return task.run();
    } catch (InterruptedException e) {
      // The process ends already, with the code of the signal: nobody will see this one.
      return INTERRUPTED;
    } finally {
      ended.countDown();
    }
  }

  /** Returns by {@link InterruptedException} only. */
  public static void sleepForEver() throws InterruptedException {
    new CountDownLatch(1).await();
  }

  private static void awaitEnd(CountDownLatch ended) {
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

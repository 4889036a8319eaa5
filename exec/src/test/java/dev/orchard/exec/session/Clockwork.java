package dev.orchard.exec.session;

import java.util.PriorityQueue;
import java.util.Random;

/** Simulated time: runs what was put off, in the order of its time, on the caller's thread. */
final class Clockwork {
  private record Task(long at, long order, Runnable run) implements Comparable<Task> {
    @Override
    public int compareTo(Task other) {
      return at != other.at ? Long.compare(at, other.at) : Long.compare(order, other.order);
    }
  }

  final Random random;
  private final PriorityQueue<Task> tasks = new PriorityQueue<>();
  private long now = 1_000_000;
  private long order;

  Clockwork(long seed) {
    this.random = new Random(seed);
  }

  long now() {
    return now;
  }

  void after(long millis, Runnable run) {
    tasks.add(new Task(now + millis, order++, run));
  }

  boolean chance(int oneIn) {
    return random.nextInt(oneIn) == 0;
  }

  /** Runs until {@code end} says so or the simulated time is up. */
  boolean run(long untilMillis, java.util.function.BooleanSupplier end) {
    while (!tasks.isEmpty() && !end.getAsBoolean()) {
      Task task = tasks.remove();
      if (task.at() > untilMillis) {
        tasks.add(task);
        return false;
      }
      now = Math.max(now, task.at());
      task.run().run();
    }
    return end.getAsBoolean();
  }
}

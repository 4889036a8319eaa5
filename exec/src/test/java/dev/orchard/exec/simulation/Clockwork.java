package dev.orchard.exec.simulation;

import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/** Simulated time: runs what was put off, in the order of its time, on the caller's thread. */
final class Clockwork {
  private record Task(long at, long order, Runnable run) implements Comparable<Task> {
    @Override
    public int compareTo(Task other) {
      return at != other.at ? Long.compare(at, other.at) : Long.compare(order, other.order);
    }
  }

  private final SplittableRandom random;
  private final PriorityQueue<Task> tasks = new PriorityQueue<>(256);
  private long now = 1_700_000_000_000L;
  private long order;

  Clockwork(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /** Milliseconds. */
  long now() {
    return now;
  }

  /** How many tasks were put off so far. */
  long events() {
    return order;
  }

  void after(long millis, Runnable run) {
    tasks.add(new Task(now + Math.max(0, millis), order++, run));
  }

  /** From 0 to before the bound. */
  int below(int bound) {
    return random.nextInt(bound);
  }

  boolean oneIn(int n) {
    return random.nextInt(n) == 0;
  }

  /** Runs until {@code end} says so; false if the simulated time was up before. */
  boolean run(long untilMillis, BooleanSupplier end) {
    while (!end.getAsBoolean()) {
      Task task = tasks.peek();
      if (task == null || task.at() > untilMillis) {
        return false;
      }
      tasks.remove();
      now = task.at();
      task.run().run();
    }
    return true;
  }
}

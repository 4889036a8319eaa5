package dev.orchard.exec.simulation;

import dev.orchard.exec.simulation.Checks.Violation;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;

/** Many worlds, and what they add up to. Any thread may run one. */
final class Campaign {
  private static final int MOST_FAILURES = 20;

  private final long began = System.nanoTime();
  private final AtomicLong seeds = new AtomicLong();
  private final AtomicLong sessions = new AtomicLong();
  private final AtomicLong runs = new AtomicLong();
  private final AtomicLong events = new AtomicLong();
  private final Map<Mishap, Long> mishaps = new ConcurrentSkipListMap<>();
  private final ConcurrentSkipListMap<Long, List<Violation>> failures =
      new ConcurrentSkipListMap<>();

  void run(long seed) {
    World world = new World(seed, Fault.NONE);
    List<Violation> found;
    try {
      found = world.run();
    } catch (RuntimeException e) {
      throw new AssertionError("seed " + seed, e);
    }
    seeds.incrementAndGet();
    sessions.addAndGet(world.sessions());
    world.truths().forEach(truth -> runs.addAndGet(truth.runs));
    events.addAndGet(world.events());
    world.tallies.forEach((mishap, times) -> mishaps.merge(mishap, (long) times, Long::sum));
    if (!found.isEmpty() && failures.size() < MOST_FAILURES) {
      failures.put(seed, found);
      System.out.println("simulation: -Dorchard.simulation.seed=" + seed + " violates " + found);
    }
  }

  Map<Long, List<Violation>> failures() {
    return failures;
  }

  /** One line. */
  String figures() {
    double seconds = (System.nanoTime() - began) / 1e9;
    return "simulation: %d seeds, %d sessions, %d runs, %d violations, %d events, %.1f s, %s"
        .formatted(
            seeds.get(),
            sessions.get(),
            runs.get(),
            failures.size(),
            events.get(),
            seconds,
            mishaps);
  }
}

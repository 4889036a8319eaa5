package dev.orchard.exec.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The invariants are {@link LinkWorld}'s. */
class LinkSimulationTest {
  private static final int SEEDS = 2_000;
  private static final long RESYNCHRONISED = Duration.ofSeconds(2).toNanos();
  private static final long ANSWERED = Duration.ofSeconds(3).toNanos();

  @Test
  void whateverHappensToTheBytesTheLinkComesBackWithinTwoSeconds() {
    long fresh = new Random().nextLong();
    run(fresh);
    for (long seed = 1; seed <= SEEDS; seed++) {
      run(seed);
    }
  }

  private static void run(long seed) {
    try {
      simulate(seed);
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("seed " + seed, e);
    }
  }

  private static void simulate(long seed) {
    LinkWorld world = new LinkWorld(seed);
    Random faults = new Random(~seed);
    int rate = 1 + faults.nextInt(20);
    while (world.now() < Duration.ofSeconds(3).toNanos()) {
      if (faults.nextInt(rate) == 0) {
        world.fault();
      }
      world.step();
    }
    long calm = world.now();
    while (world.now() < calm + RESYNCHRONISED) {
      world.step();
    }
    long before = world.delivered();
    int call = world.call();
    while (world.outcome(call) == null && world.now() < calm + RESYNCHRONISED + ANSWERED) {
      world.step();
    }
    assertThat(world.outcome(call)).isEqualTo(Status.OK);
    assertThat(world.delivered()).isGreaterThan(before);
  }

  @Test
  void withoutFaultsEveryCallSucceeds() {
    LinkWorld world = new LinkWorld(42);
    while (world.now() < Duration.ofSeconds(60).toNanos()) {
      world.step();
    }
    assertThat(world.delivered()).isGreaterThan(1_000);
    for (int call = 1; world.outcome(call) != null; call++) {
      assertThat(world.outcome(call)).isEqualTo(Status.OK);
    }
  }
}

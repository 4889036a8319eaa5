package dev.orchard.exec.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The session's invariants over many seeds, and planted bugs that it must find. */
class SessionSimulationTest {
  /** Seeds a run checks; more by {@code -Dorchard.simulation.seeds=N}. */
  private static final int SEEDS = Integer.getInteger("orchard.simulation.seeds", 10_000);

  /** Each planted bug is found within this many. */
  private static final int SEEDS_TO_FIND_A_BUG = 3_000;

  @Test
  void keepsItsPromisesUnderEveryOrderOfFaults() {
    for (long seed = 0; seed < SEEDS; seed++) {
      assertThat(new SessionWorld(seed, Fault.NONE).run()).as("seed %d", seed).isEmpty();
    }
  }

  @Test
  void keepsItsPromisesForAFreshSeed() {
    long seed = new Random().nextLong();
    System.out.println("session simulation: fresh seed " + seed);
    assertThat(new SessionWorld(seed, Fault.NONE).run()).as("seed %d", seed).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void findsAPlantedBug(Fault fault) {
    List<String> found = List.of();
    for (long seed = 0; seed < SEEDS_TO_FIND_A_BUG && found.isEmpty(); seed++) {
      found = new SessionWorld(seed, fault).run();
    }
    assertThat(found).isNotEmpty();
  }
}

package dev.orchard.exec.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.orchard.exec.simulation.Checks.Violation;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The sessions' invariants over many seeds, and planted bugs that they must find. */
class SimulationTest {
  /** Seeds a run checks; more by {@code -Dorchard.simulation.seeds=N}. */
  private static final int SEEDS = Integer.getInteger("orchard.simulation.seeds", 10_000);

  /** Each planted bug is found within this many. */
  private static final int SEEDS_TO_FIND_A_BUG = 3_000;

  @Test
  void keepsItsPromisesUnderEveryOrderOfFaults() {
    Campaign campaign = new Campaign();
    Long one = Long.getLong("orchard.simulation.seed");
    LongStream seeds = one == null ? LongStream.range(0, SEEDS) : LongStream.of(one);
    seeds.parallel().forEach(campaign::run);
    System.out.println(campaign.figures());
    assertThat(campaign.failures()).isEmpty();
  }

  @Test
  void keepsItsPromisesForFreshSeeds() {
    Campaign campaign = new Campaign();
    long first = new Random().nextLong();
    LongStream.range(0, 100).forEach(i -> campaign.run(first + i));
    assertThat(campaign.failures()).isEmpty();
  }

  /** Each of them found a bug once. */
  @ParameterizedTest
  @ValueSource(longs = {60, 75, 94, 307, 317, 958, 1516, 2186, 4888})
  void staysMended(long seed) {
    assertThat(new World(seed, Fault.NONE).run()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void findsAPlantedBug(Fault fault) {
    List<Violation> found = List.of();
    long seed = -1;
    while (found.isEmpty() && seed < SEEDS_TO_FIND_A_BUG) {
      seed++;
      found = new World(seed, fault).run();
    }
    System.out.printf("simulation: %s is found in %d seeds: %s%n", fault, seed + 1, found);
    assertThat(found).isNotEmpty();
  }
}

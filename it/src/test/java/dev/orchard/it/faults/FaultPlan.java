package dev.orchard.it.faults;

import java.time.Duration;
import java.util.Random;
import java.util.function.Supplier;

/**
 * What becomes of one connection: it is cut behind so many bytes of one direction, after a time in
 * which nothing passes.
 *
 * @param fromServer whose bytes count
 * @param afterBytes that pass before; {@link Long#MAX_VALUE}: it is never cut
 * @param stall how long it is silent before it is cut
 * @param reset by RST; else by FIN
 * @param noise what happens to the bytes that pass
 */
record FaultPlan(boolean fromServer, long afterBytes, Duration stall, boolean reset, Noise noise) {
  /** Nothing happens. */
  static final FaultPlan NONE =
      new FaultPlan(true, Long.MAX_VALUE, Duration.ZERO, false, Noise.NONE);

  private static final int STALLS_ONE_IN = 10;
  private static final int MAX_STALL_MILLIS = 1_000;

  /**
   * Plans that follow from a seed: cuts at random bytes, every second one by RST, every tenth after
   * up to a second of silence; one in four counts what the client sends.
   *
   * @param meanBytes of the server that pass on average; a hundredth of it from the client
   */
  static Supplier<FaultPlan> cuts(Random random, int meanBytes) {
    return () -> {
      synchronized (random) {
        boolean fromServer = random.nextInt(4) != 0;
        return new FaultPlan(
            fromServer,
            1 + random.nextInt(fromServer ? 2 * meanBytes : Math.max(1, meanBytes / 50)),
            random.nextInt(STALLS_ONE_IN) == 0
                ? Duration.ofMillis(random.nextInt(MAX_STALL_MILLIS))
                : Duration.ZERO,
            random.nextBoolean(),
            Noise.NONE);
      }
    };
  }

  /** As {@link #cuts}, of a line that also loses, doubles and garbles bytes. */
  static Supplier<FaultPlan> noisyCuts(Random random, int meanBytes) {
    Supplier<FaultPlan> cuts = cuts(random, meanBytes);
    return () -> {
      FaultPlan cut = cuts.get();
      synchronized (random) {
        return new FaultPlan(
            cut.fromServer,
            cut.afterBytes,
            cut.stall,
            cut.reset,
            new Noise(random.nextLong(), 2 * meanBytes));
      }
    };
  }
}

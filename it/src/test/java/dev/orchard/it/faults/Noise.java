package dev.orchard.it.faults;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;

/** What a bad line does to the bytes that pass: one is lost, comes twice or comes as another. */
final class Noise {
  static final Noise NONE = new Noise(0, Integer.MAX_VALUE);

  private final Random random;
  private final int meanBytes;

  /**
   * A line on which that happens to one of so many bytes.
   *
   * @param meanBytes {@link Integer#MAX_VALUE}: never
   */
  Noise(long seed, int meanBytes) {
    this.random = new Random(seed);
    this.meanBytes = meanBytes;
  }

  /** The same bytes, of which at most one is not as it was. */
  List<ByteBuffer> mangle(ByteBuffer bytes) {
    if (meanBytes == Integer.MAX_VALUE) {
      return List.of(bytes);
    }
    synchronized (random) {
      if (random.nextInt(meanBytes) >= bytes.remaining()) {
        return List.of(bytes);
      }
      int victim = bytes.position() + random.nextInt(bytes.remaining());
      return switch (random.nextInt(3)) {
        case 0 ->
            List.of(part(bytes, bytes.position(), victim), part(bytes, victim + 1, bytes.limit()));
        case 1 ->
            List.of(part(bytes, bytes.position(), victim + 1), part(bytes, victim, bytes.limit()));
        default -> {
          bytes.put(victim, (byte) (bytes.get(victim) ^ (1 << random.nextInt(8))));
          yield List.of(bytes);
        }
      };
    }
  }

  private static ByteBuffer part(ByteBuffer bytes, int from, int to) {
    return bytes.slice(from, to - from);
  }
}

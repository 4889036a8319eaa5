package dev.orchard.exec.simulation;

import com.google.protobuf.ByteString;
import java.util.Random;

/**
 * What some place prints or is sent, known everywhere by offset: a slice of one pool of random
 * bytes, so that a world costs no random bytes of its own.
 */
record Bytes(int base) {
  private static final int POOL = 4 << 20;

  /** Longest stream. */
  static final int MAX = POOL / 2;

  private static final ByteString ALL = random();

  private static ByteString random() {
    byte[] bytes = new byte[POOL];
    new Random(42).nextBytes(bytes);
    return ByteString.copyFrom(bytes);
  }

  static Bytes any(Clockwork clock) {
    return new Bytes(clock.below(MAX));
  }

  ByteString slice(long from, long to) {
    return ALL.substring(base + (int) from, base + (int) to);
  }

  boolean holds(long offset, ByteString data) {
    return slice(offset, offset + data.size()).equals(data);
  }
}

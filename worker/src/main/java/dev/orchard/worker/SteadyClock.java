package dev.orchard.worker;

import java.time.Instant;
import java.time.InstantSource;

/**
 * Unix time as it was when the daemon began, and evenly on from there: no deadline of a session
 * passes, and none stands still, because the host's clock is set or the host has slept.
 */
final class SteadyClock implements InstantSource {
  private final Instant began = Instant.now();
  private final long beganNanos = System.nanoTime();

  @Override
  public Instant instant() {
    return began.plusNanos(System.nanoTime() - beganNanos);
  }
}

package dev.orchard.client;

import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * Asks for a session until there is one, a refusal, or the wait for the VM is over. Asking again is
 * safe: the name was chosen here.
 */
public final class Creation {
  /** Asks once. */
  @FunctionalInterface
  public interface Asking {
    /**
     * Blocks until there is an answer.
     *
     * @param wait for the VM to be ready; the answer comes by then, whichever way
     */
    Reply<SessionAddress> create(Duration wait) throws InterruptedException;
  }

  private final Duration unreachable;
  private final RandomGenerator random;
  private final LongSupplier nanos;

  /**
   * Nothing is asked yet.
   *
   * @param unreachable how long servers that cannot be reached are tried
   */
  public Creation(Duration unreachable, RandomGenerator random, LongSupplier nanos) {
    this.unreachable = unreachable;
    this.random = random;
    this.nanos = nanos;
  }

  /**
   * Blocks for at most the wait and some slack.
   *
   * @param wait for the VM to be ready
   * @throws RefusedException where there is no session to attach to
   */
  public void create(Asking asking, Duration wait) throws InterruptedException {
    long deadline = nanos.getAsLong() + wait.toNanos();
    Duration unreached = unreachable.compareTo(wait) < 0 ? unreachable : wait;
    long unreachedDeadline = nanos.getAsLong() + unreached.toNanos();
    Backoff backoff = new Backoff(random, 1);
    while (true) {
      switch (asking.create(positive(left(deadline)))) {
        case Reply.Done<SessionAddress> done -> {
          return;
        }
        case Reply.Refused<SessionAddress> refused -> {
          Duration pause = refused.retryAfter().orElseGet(backoff::next);
          if (!refused.isPassing() || pause.compareTo(left(deadline)) >= 0) {
            throw new RefusedException("%s (%d)".formatted(refused.message(), refused.status()));
          }
          Thread.sleep(pause);
        }
        case Reply.Failed<SessionAddress>(String why) -> {
          if (left(unreachedDeadline).isNegative()) {
            throw new RefusedException(why);
          }
          Thread.sleep(backoff.next());
        }
      }
    }
  }

  private Duration left(long deadline) {
    return Duration.ofNanos(deadline - nanos.getAsLong());
  }

  private static Duration positive(Duration duration) {
    return duration.isNegative() ? Duration.ZERO : duration;
  }
}

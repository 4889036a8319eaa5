package dev.orchard.cli.exec;

import dev.orchard.cli.message.CliException;
import dev.orchard.cli.road.ExecSpec;
import dev.orchard.cli.road.Reply;
import dev.orchard.cli.road.Road;
import dev.orchard.cli.road.SessionAddress;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * Asks for a session until there is one, a refusal, or the wait for the VM is over. Asking again is
 * safe: the name was chosen here.
 */
final class Creation {
  /** How often a server that cannot be reached is tried: one that restarts is back by then. */
  private static final int UNREACHABLE_ATTEMPTS = 4;

  private final Road road;
  private final RandomGenerator random;
  private final LongSupplier nanos;

  Creation(Road road, RandomGenerator random, LongSupplier nanos) {
    this.road = road;
    this.random = random;
    this.nanos = nanos;
  }

  /**
   * Blocks for at most the request's wait and some slack.
   *
   * @throws CliException where there is no session to attach to
   */
  void create(SessionAddress session, ExecSpec spec) throws InterruptedException {
    long deadline = nanos.getAsLong() + spec.startTimeout().toNanos();
    Backoff backoff = new Backoff(random);
    int unreachable = 0;
    while (true) {
      switch (road.create(session, spec, positive(left(deadline)))) {
        case Reply.Done<SessionAddress> done -> {
          return;
        }
        case Reply.Refused<SessionAddress> refused -> {
          Duration pause = refused.retryAfter().orElseGet(backoff::next);
          if (!refused.isPassing() || pause.compareTo(left(deadline)) >= 0) {
            throw CliException.remote("%s (%d)".formatted(refused.message(), refused.status()));
          }
          Thread.sleep(pause);
        }
        case Reply.Failed<SessionAddress>(String why) -> {
          unreachable++;
          if (unreachable == UNREACHABLE_ATTEMPTS || left(deadline).isNegative()) {
            throw CliException.remote(why);
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

package dev.orchard.controller.session;

import dev.orchard.controller.problem.ApiException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/** How much of one kind each caller has under way on this replica. */
public final class CallerPermits {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final int limit;
  private final String what;
  private final Map<String, Integer> taken = new ConcurrentHashMap<>();

  /**
   * @param what is limited, for people
   */
  public CallerPermits(int limit, String what) {
    this.limit = limit;
    this.what = what;
  }

  /**
   * Counts one more.
   *
   * @param caller same for the same caller
   * @throws ApiException 429 if that were too many
   */
  public Permit take(String caller) {
    taken.merge(caller, 1, Integer::sum);
    Permit permit = new Permit(caller);
    if (taken.getOrDefault(caller, 0) > limit) {
      permit.close();
      throw ApiException.tooMany(
          "%d %s of yours are under way, and no more may be: try again when one has ended"
              .formatted(limit, what),
          RETRY_AFTER);
    }
    return permit;
  }

  /** Counts until it is closed. */
  public final class Permit implements AutoCloseable {
    private final String caller;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Permit(String caller) {
      this.caller = caller;
    }

    @Override
    public void close() {
      if (!closed.getAndSet(true)) {
        taken.computeIfPresent(caller, (key, count) -> count == 1 ? null : count - 1);
      }
    }
  }
}

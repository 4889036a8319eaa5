package dev.orchard.exec.session;

import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.log.JournalRecord;
import java.time.Duration;
import java.util.Optional;

/** A session's deadlines. The worker keeps them, so that they hold while the API is away. */
final class Deadlines {
  private final SessionRules rules;
  private final long createdAt;
  private final Lease lease = new Lease();
  private long activeAt;

  /**
   * The deadlines of a session of which this worker has just heard.
   *
   * @param createdAt Unix milliseconds
   */
  Deadlines(SessionRules rules, long createdAt) {
    this.rules = rules;
    this.createdAt = createdAt;
    this.activeAt = createdAt;
  }

  Lease lease() {
    return lease;
  }

  /** There was stdin or output. */
  void active(long now) {
    activeAt = now;
  }

  /** Whether it has waited for the guest as long as it may. */
  boolean startOver(long now) {
    return now - createdAt >= rules.startTimeout().toMillis();
  }

  String startOverMessage() {
    return "the guest agent was not connected within " + rules.startTimeout().toMillis() + " ms";
  }

  /** Why the session has to be ended because nobody came back to it, if so. */
  Optional<JournalRecord.Ending> leaseOver() {
    return ending(
        rules.disconnectPolicy() == DisconnectPolicy.TERMINATE && lease.over(),
        ExitReason.CANCELLED,
        "its foreground reader was away for " + WorkerSession.LEASE.toSeconds() + " s");
  }

  /** Why a process has to be ended for what it took or did not do, if so. */
  Optional<JournalRecord.Ending> runOver(long now, long startedAt) {
    return ending(
            isOver(rules.timeout(), now - startedAt),
            ExitReason.TIMED_OUT,
            "it ran for " + rules.timeout().toMillis() + " ms")
        .or(() ->
            ending(
                isOver(rules.idleTimeout(), now - activeAt),
                ExitReason.IDLE_TIMED_OUT,
                "idle for " + rules.idleTimeout().toMillis() + " ms"));
  }

  private static boolean isOver(Duration limit, long millis) {
    return !limit.isZero() && millis >= limit.toMillis();
  }

  private static Optional<JournalRecord.Ending> ending(
      boolean over, ExitReason reason, String message) {
    return over ? Optional.of(new JournalRecord.Ending(reason, message)) : Optional.empty();
  }
}

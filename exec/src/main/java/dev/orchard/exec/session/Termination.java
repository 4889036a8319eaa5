package dev.orchard.exec.session;

import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import java.util.Optional;

/** The way a session is ended by us: TERM, the grace period, KILL. Repeated on every new stream. */
final class Termination {
  private final ExitReason reason;
  private final String message;
  private final long sinceMillis;
  private boolean termSent;
  private boolean killSent;

  Termination(ExitReason reason, String message, long sinceMillis) {
    this.reason = reason;
    this.message = message;
    this.sinceMillis = sinceMillis;
  }

  /** The outcome, if no process was ever started. */
  Frame.Exit withoutProcess() {
    return Frame.Exit.withoutProcess(null, reason, message);
  }

  void streamReset() {
    termSent = false;
    killSent = false;
  }

  Optional<Frame.Signal> due(long nowMillis, long graceMillis) {
    if (nowMillis - sinceMillis >= graceMillis) {
      boolean first = !killSent;
      killSent = true;
      return first ? Optional.of(new Frame.Signal("KILL")) : Optional.empty();
    }
    boolean first = !termSent;
    termSent = true;
    return first ? Optional.of(new Frame.Signal("TERM")) : Optional.empty();
  }

  /** What the process' end counts as. */
  Frame.Exit outcome(Frame.Exit process) {
    return new Frame.Exit(
        process.code(),
        process.signal(),
        reason,
        process.stdoutBytes(),
        process.stderrBytes(),
        process.stdoutSha256(),
        process.stderrSha256(),
        process.outputIncomplete(),
        process.duration(),
        message);
  }
}

package dev.orchard.exec.session;

import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.log.JournalRecord;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a session's journal says. The same fold makes it while the journal is written and when it is
 * read again after a restart, so that neither can know more than the other.
 */
final class SessionHistory {
  private SessionPhase phase = SessionPhase.WAITING;
  private @Nullable Fence intent;
  private long pid;
  private long startedAt;
  private boolean detached;
  private JournalRecord.@Nullable Ending ending;
  private Frame.@Nullable Exit exit;
  private long completedAt;
  private boolean acknowledged;

  void apply(JournalRecord record) {
    switch (record) {
      case JournalRecord.Intent r -> {
        intent = new Fence(r.bootId(), r.instance());
        phase = SessionPhase.INTENDED;
      }
      case JournalRecord.Started r -> {
        pid = r.pid();
        startedAt = r.startTimeMillis();
        phase = SessionPhase.RUNNING;
      }
      case JournalRecord.Detached r -> detached = true;
      case JournalRecord.Ending r -> ending = r;
      case JournalRecord.Exited r -> {
        exit = r.exit();
        completedAt = r.completionTimeMillis();
        phase = SessionPhase.FINISHED;
      }
      case JournalRecord.Acknowledged r -> acknowledged = true;
    }
  }

  SessionPhase phase() {
    return phase;
  }

  @Nullable Fence intent() {
    return intent;
  }

  long pid() {
    return pid;
  }

  long startedAt() {
    return startedAt;
  }

  /** How long the process has run, as far as a clock tells that may have been set back. */
  Duration ran(long now) {
    return startedAt == 0 ? Duration.ZERO : Duration.ofMillis(Math.max(0, now - startedAt));
  }

  boolean detached() {
    return detached;
  }

  JournalRecord.@Nullable Ending ending() {
    return ending;
  }

  Frame.@Nullable Exit exit() {
    return exit;
  }

  long completedAt() {
    return completedAt;
  }

  boolean acknowledged() {
    return acknowledged;
  }
}

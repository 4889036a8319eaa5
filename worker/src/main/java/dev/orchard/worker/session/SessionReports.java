package dev.orchard.worker.session;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.log.SessionLog;
import dev.orchard.exec.session.SessionPhase;
import dev.orchard.exec.session.WorkerSession;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What controllers are told of one session, with a revision that grows. */
final class SessionReports {
  private static final Logger logger = LoggerFactory.getLogger(SessionReports.class);

  private final SessionSpec spec;
  private final WorkerSession core;
  private long revision;

  SessionReports(SessionSpec spec, WorkerSession core) {
    this.spec = spec;
    this.core = core;
  }

  /**
   * The session as it is now.
   *
   * @param nowMillis Unix time, from which revisions are made so that they grow over restarts
   */
  SessionStatus next(@Nullable SessionLog log, int attachments, long nowMillis) {
    revision = Math.max(revision + 1, nowMillis);
    return new SessionStatus(
        spec.uid(),
        spec.vmUid(),
        revision,
        core.phase(),
        core.startedAt(),
        core.completedAt(),
        core.exit().orElse(null),
        core.bytes(StdStream.STDOUT),
        core.bytes(StdStream.STDERR),
        log == null ? 0 : log.firstAvailable(),
        tail(log),
        attachments);
  }

  private ByteString tail(@Nullable SessionLog log) {
    if (log == null || spec.tailBytes() == 0 || core.phase() != SessionPhase.FINISHED) {
      return ByteString.EMPTY;
    }
    try {
      return log.tail(spec.tailBytes());
    } catch (IOException e) {
      logger.warn("tail cannot be read session={}", spec.uid(), e);
      return ByteString.EMPTY;
    }
  }
}

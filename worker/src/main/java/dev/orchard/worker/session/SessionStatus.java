package dev.orchard.worker.session;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.session.SessionPhase;
import dev.orchard.worker.vm.Uid;
import org.jspecify.annotations.Nullable;

/**
 * A session as controllers should know it.
 *
 * @param vmUid empty for a session that was cancelled before it was known here
 * @param revision grows with every change, over restarts of the daemon too
 * @param startedAt Unix milliseconds; 0 while it has not started
 * @param completedAt Unix milliseconds; 0 while it has not finished
 * @param exit when finished
 * @param firstAvailableOffset before it the log holds nothing any more
 * @param tail the end of the output, when finished and asked for
 */
public record SessionStatus(
    Uid uid,
    String vmUid,
    long revision,
    SessionPhase phase,
    long startedAt,
    long completedAt,
    Frame.@Nullable Exit exit,
    long stdoutBytes,
    long stderrBytes,
    long firstAvailableOffset,
    ByteString tail,
    int attachments) {}

package dev.orchard.exec.session;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.Frame;
import java.util.Optional;

/**
 * Stdin on its way at one place: received in order by offset, each byte once, and handed on as the
 * next place takes it. Bytes before {@code taken} are gone from here.
 */
final class StdinQueue {
  private static final long NO_END = Long.MAX_VALUE;

  private final boolean promised;
  private ByteString pending = ByteString.EMPTY;
  private long taken;
  private long end = NO_END;
  private boolean discarding;

  /**
   * An empty queue.
   *
   * @param promised whether the session was started with a stdin at all
   */
  StdinQueue(boolean promised) {
    this.promised = promised;
  }

  /** Takes a frame, or says why it cannot be taken. */
  Optional<Frame.Failure> offer(Frame.Stdin frame) {
    if (!promised) {
      return failure(ErrorCode.INVALID_FRAME, "the session was started without stdin");
    }
    if (frame.offset() > received()) {
      return failure(
          ErrorCode.STDIN_OFFSET_GAP,
          "stdin at offset " + frame.offset() + " after " + received() + ": bytes are missing");
    }
    long frameEnd = frame.offset() + frame.data().size();
    if (frameEnd > end || (frame.eof() && end != NO_END && frameEnd != end)) {
      return failure(ErrorCode.INVALID_FRAME, "stdin has ended at offset " + end);
    }
    if (frameEnd > received()) {
      ByteString fresh = frame.data().substring((int) (received() - frame.offset()));
      if (!discarding && pending.size() + fresh.size() > AgentSession.STDIN_WINDOW) {
        return failure(
            ErrorCode.LIMIT_EXCEEDED,
            "more than " + AgentSession.STDIN_WINDOW + " bytes of stdin are not acknowledged");
      }
      if (discarding) {
        taken += fresh.size();
      } else {
        pending = pending.concat(fresh);
      }
    }
    if (frame.eof()) {
      end = frameEnd;
    }
    return Optional.empty();
  }

  private static Optional<Frame.Failure> failure(ErrorCode code, String message) {
    return Optional.of(new Frame.Failure(code, message));
  }

  /** Everything before it was received. */
  long received() {
    return taken + pending.size();
  }

  long taken() {
    return taken;
  }

  /** Room for this many bytes more. */
  int room() {
    return AgentSession.STDIN_WINDOW - pending.size();
  }

  boolean endKnown() {
    return end != NO_END;
  }

  ByteString head() {
    return pending;
  }

  void taken(int bytes) {
    taken += bytes;
    pending = pending.substring(bytes);
  }

  /** The next place says where it is: what it has is gone from here. */
  void takenUpTo(long offset) {
    if (offset <= received()) {
      taken((int) Math.max(0, offset - taken));
    } else {
      taken = offset;
      pending = ByteString.EMPTY;
    }
  }

  /** Forgets what was not taken, an end behind it included. */
  void drop() {
    if (!pending.isEmpty()) {
      reset();
    }
  }

  /** Forgets what was not taken, and where the end is. */
  void reset() {
    pending = ByteString.EMPTY;
    end = NO_END;
  }

  boolean atEnd() {
    return taken == end;
  }

  void discard() {
    taken = received();
    pending = ByteString.EMPTY;
    discarding = true;
  }
}

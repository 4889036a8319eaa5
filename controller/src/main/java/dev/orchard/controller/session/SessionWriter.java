package dev.orchard.controller.session;

import com.google.protobuf.ByteString;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.Frame;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Writes to sessions for callers who have no socket: one attachment a call, which only writes. */
public final class SessionWriter {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final Sessions sessions;
  private final Duration patience;

  /**
   * @param patience for the session to take what is sent
   */
  public SessionWriter(Sessions sessions, Duration patience) {
    this.sessions = sessions;
    this.patience = patience;
  }

  /**
   * Sends a body as stdin.
   *
   * @param offset of its first byte; absent: where what the process has taken ends
   * @param eof stdin ends behind it
   * @return what the process has taken of stdin, in bytes from its start, after a while at most: it
   *     may be less than was sent
   */
  public long stdin(
      Target session, @Nullable Long offset, boolean eof, boolean takeover, InputStream body)
      throws InterruptedException, IOException {
    if (!session.takesStdin()) {
      throw ApiException.conflict(
          "stdin-closed", "the session was started without stdin: start it with stdin Attach");
    }
    try (FrameStream stream = open(session, AttachOptions.writer(takeover))) {
      long taken = awaitAck(stream);
      long next = offset == null ? taken : offset;
      for (byte[] chunk = body.readNBytes(Frame.MAX_DATA);
          chunk.length > 0;
          chunk = body.readNBytes(Frame.MAX_DATA)) {
        if (!stream.send(new Frame.Stdin(next, ByteString.copyFrom(chunk), false), patience)) {
          return drain(stream, taken, Long.MAX_VALUE, Duration.ZERO);
        }
        next += chunk.length;
        taken = drain(stream, taken, next, Duration.ZERO);
      }
      if (eof && !stream.send(new Frame.Stdin(next, ByteString.EMPTY, true), patience)) {
        return drain(stream, taken, Long.MAX_VALUE, Duration.ZERO);
      }
      return drain(stream, taken, next, patience);
    }
  }

  /** Passes a signal or a new size on, beside whoever writes to the session. */
  public void pass(Target session, Frame.In frame) throws InterruptedException {
    try (FrameStream stream = open(session, AttachOptions.control())) {
      if (!stream.send(frame, patience)) {
        throw notTaken();
      }
      switch (stream.next(patience)) {
        case FrameStream.Next.Nothing() -> throw notTaken();
        case FrameStream.Next.Over() -> {}
        case FrameStream.Next.Arrived(Frame.Out answer) -> refuse(answer);
      }
    }
  }

  private FrameStream open(Target session, AttachOptions options) throws InterruptedException {
    if (session.ended()) {
      throw ended();
    }
    return sessions.attach(session, options, null);
  }

  /** The worker lets a writer in by telling it what the process has taken. */
  private long awaitAck(FrameStream stream) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      Duration left = Duration.ofNanos(deadline - System.nanoTime());
      if (!left.isPositive()) {
        throw notTaken();
      }
      switch (stream.next(left)) {
        case FrameStream.Next.Nothing() -> {}
        case FrameStream.Next.Over() -> throw ended();
        case FrameStream.Next.Arrived(Frame.Out frame) -> {
          stream.done();
          if (frame instanceof Frame.Ack(long taken)) {
            return taken;
          }
          refuse(frame);
        }
      }
    }
  }

  /**
   * What the process has taken, once that is {@code until} or nothing more has come for a while.
   */
  private long drain(FrameStream stream, long before, long until, Duration wait)
      throws InterruptedException {
    long taken = before;
    while (taken < until) {
      switch (stream.next(wait)) {
        case FrameStream.Next.Nothing(), FrameStream.Next.Over() -> {
          return taken;
        }
        case FrameStream.Next.Arrived(Frame.Out frame) -> {
          stream.done();
          if (frame instanceof Frame.Ack(long offset)) {
            taken = offset;
          } else {
            refuse(frame);
          }
        }
      }
    }
    return taken;
  }

  private static void refuse(Frame.Out frame) {
    switch (frame) {
      case Frame.Failure failure -> throw refusal(failure);
      case Frame.Exit exit -> throw ended();
      case Frame.Started _, Frame.Output _, Frame.Gap _, Frame.Ack _, Frame.Heartbeat _ -> {}
    }
  }

  /** What a failure of a stream means to somebody who has not got a stream. */
  public static ApiException refusal(Frame.Failure failure) {
    String type = type(failure.code());
    return switch (failure.code()) {
      case INVALID_FRAME -> new ApiException(400, type, failure.message());
      case OFFSET_AHEAD_OF_LOG, STDIN_OFFSET_GAP, NOT_WRITER ->
          ApiException.conflict(type, failure.message());
      case FORBIDDEN -> ApiException.forbidden(failure.message());
      case SESSION_GONE -> new ApiException(404, type, failure.message());
      case LIMIT_EXCEEDED -> new ApiException(507, type, failure.message());
      case WORKER_UNREACHABLE, DRAINING, SLOW_READER ->
          ApiException.unavailable(type, failure.message(), RETRY_AFTER);
      case INTERNAL -> new ApiException(500, type, failure.message());
    };
  }

  /** {@code NotWriter} as {@code not-writer}. */
  private static String type(ErrorCode code) {
    return code.word().replaceAll("(?<=.)(?=[A-Z])", "-").toLowerCase(Locale.ROOT);
  }

  private static ApiException ended() {
    return ApiException.conflict("session-ended", "the session has ended: it takes no input");
  }

  private static ApiException notTaken() {
    return ApiException.unavailable(
        "session-not-ready", "the session takes nothing now: try again", RETRY_AFTER);
  }
}

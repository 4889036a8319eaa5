package dev.orchard.exec.frame;

import com.google.protobuf.ByteString;
import dev.orchard.proto.frame.v1.Ack;
import dev.orchard.proto.frame.v1.Detach;
import dev.orchard.proto.frame.v1.Error;
import dev.orchard.proto.frame.v1.Exit;
import dev.orchard.proto.frame.v1.Gap;
import dev.orchard.proto.frame.v1.Heartbeat;
import dev.orchard.proto.frame.v1.Output;
import dev.orchard.proto.frame.v1.Resize;
import dev.orchard.proto.frame.v1.Signal;
import dev.orchard.proto.frame.v1.Started;
import dev.orchard.proto.frame.v1.Stdin;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Frames as the messages of {@code orchard/frame/v1}. */
public final class ProtoFrames {
  private ProtoFrames() {}

  public static dev.orchard.proto.frame.v1.Frame encode(Frame frame) {
    dev.orchard.proto.frame.v1.Frame.Builder message =
        dev.orchard.proto.frame.v1.Frame.newBuilder();
    switch (frame) {
      case Frame.Started started -> message.setStarted(encodeStarted(started));
      case Frame.Output(StdStream stream, long offset, ByteString data) -> {
        Output output = Output.newBuilder().setOffset(offset).setData(data).build();
        switch (stream) {
          case STDOUT -> message.setStdout(output);
          case STDERR -> message.setStderr(output);
        }
      }
      case Frame.Gap(long from, long to) ->
          message.setGap(Gap.newBuilder().setFrom(from).setTo(to));
      case Frame.Ack(long stdinOffset) ->
          message.setAck(Ack.newBuilder().setStdinOffset(stdinOffset));
      case Frame.Heartbeat(String ticket) ->
          message.setHeartbeat(Heartbeat.newBuilder().setTicket(ticket));
      case Frame.Exit exit -> message.setExit(encodeExit(exit));
      case Frame.Failure(ErrorCode code, String text, long end) ->
          message.setError(
              Error.newBuilder().setCode(encodeCode(code)).setMessage(text).setEnd(end));
      case Frame.Stdin(long offset, ByteString data, boolean eof) ->
          message.setStdin(Stdin.newBuilder().setOffset(offset).setData(data).setEof(eof));
      case Frame.Resize(int rows, int cols) ->
          message.setResize(Resize.newBuilder().setRows(rows).setCols(cols));
      case Frame.Signal(String name) -> message.setSignal(Signal.newBuilder().setSignal(name));
      case Frame.Detach() -> message.setDetach(Detach.getDefaultInstance());
    }
    return message.build();
  }

  /**
   * The frame in a message of a peer that need not be trusted.
   *
   * @throws InvalidFrameException for what the schema does not allow, or this version does not know
   */
  public static Frame decode(dev.orchard.proto.frame.v1.Frame message) {
    return switch (message.getEventCase()) {
      case STARTED -> decodeStarted(message.getStarted());
      case STDOUT -> decodeOutput(StdStream.STDOUT, message.getStdout());
      case STDERR -> decodeOutput(StdStream.STDERR, message.getStderr());
      case GAP -> new Frame.Gap(message.getGap().getFrom(), message.getGap().getTo());
      case ACK -> new Frame.Ack(message.getAck().getStdinOffset());
      case HEARTBEAT -> new Frame.Heartbeat(message.getHeartbeat().getTicket());
      case EXIT -> decodeExit(message.getExit());
      case ERROR -> decodeError(message.getError());
      case STDIN -> {
        Stdin stdin = message.getStdin();
        yield new Frame.Stdin(stdin.getOffset(), stdin.getData(), stdin.getEof());
      }
      case RESIZE -> new Frame.Resize(message.getResize().getRows(), message.getResize().getCols());
      case SIGNAL -> new Frame.Signal(message.getSignal().getSignal());
      case DETACH -> new Frame.Detach();
      case EVENT_NOT_SET ->
          throw new InvalidFrameException(
              "frame", "no event that this version knows: check the peer's capabilities");
    };
  }

  /** An outcome by itself, as reports carry it. */
  public static Exit encodeExit(Frame.Exit exit) {
    Exit.Builder message =
        Exit.newBuilder()
            .setSignal(orEmpty(exit.signal()))
            .setReason(encodeReason(exit.reason()))
            .setStdoutBytes(exit.stdoutBytes())
            .setStderrBytes(exit.stderrBytes())
            .setStdoutSha256(orEmpty(exit.stdoutSha256()))
            .setStderrSha256(orEmpty(exit.stderrSha256()))
            .setOutputIncomplete(exit.outputIncomplete())
            .setDurationMs(exit.duration().toMillis())
            .setMessage(orEmpty(exit.message()));
    if (exit.code() != null) {
      message.setCode(exit.code());
    }
    return message.build();
  }

  /** As {@link #decode}, for an outcome by itself. */
  public static Frame.Exit decodeExit(Exit message) {
    return new Frame.Exit(
        message.hasCode() ? Integer.valueOf(message.getCode()) : null,
        orNull(message.getSignal()),
        decodeReason(message.getReason()),
        message.getStdoutBytes(),
        message.getStderrBytes(),
        orNull(message.getStdoutSha256()),
        orNull(message.getStderrSha256()),
        message.getOutputIncomplete(),
        Duration.ofMillis(message.getDurationMs()),
        orNull(message.getMessage()));
  }

  /** A reason by itself, as journals carry it. */
  public static dev.orchard.proto.frame.v1.ExitReason encodeReason(ExitReason reason) {
    return switch (reason) {
      case EXITED -> dev.orchard.proto.frame.v1.ExitReason.EXITED;
      case SIGNALED -> dev.orchard.proto.frame.v1.ExitReason.SIGNALED;
      case TIMED_OUT -> dev.orchard.proto.frame.v1.ExitReason.TIMED_OUT;
      case IDLE_TIMED_OUT -> dev.orchard.proto.frame.v1.ExitReason.IDLE_TIMED_OUT;
      case CANCELLED -> dev.orchard.proto.frame.v1.ExitReason.CANCELLED;
      case OUTPUT_LIMIT -> dev.orchard.proto.frame.v1.ExitReason.OUTPUT_LIMIT;
      case START_FAILED -> dev.orchard.proto.frame.v1.ExitReason.START_FAILED;
      case LOST -> dev.orchard.proto.frame.v1.ExitReason.LOST;
    };
  }

  /** As {@link #decode}, for a reason by itself. */
  public static ExitReason decodeReason(dev.orchard.proto.frame.v1.ExitReason reason) {
    return switch (reason) {
      case EXITED -> ExitReason.EXITED;
      case SIGNALED -> ExitReason.SIGNALED;
      case TIMED_OUT -> ExitReason.TIMED_OUT;
      case IDLE_TIMED_OUT -> ExitReason.IDLE_TIMED_OUT;
      case CANCELLED -> ExitReason.CANCELLED;
      case OUTPUT_LIMIT -> ExitReason.OUTPUT_LIMIT;
      case START_FAILED -> ExitReason.START_FAILED;
      case LOST -> ExitReason.LOST;
      case EXIT_REASON_UNSPECIFIED, UNRECOGNIZED ->
          throw new InvalidFrameException("exit.reason", reason + " is not known to this version");
    };
  }

  private static Started encodeStarted(Frame.Started started) {
    return Started.newBuilder()
        .setSession(started.session())
        .setPid(started.pid())
        .setBootId(started.bootId())
        .setTicket(started.ticket())
        .build();
  }

  private static Frame.Started decodeStarted(Started message) {
    return new Frame.Started(
        message.getSession(), message.getPid(), message.getBootId(), message.getTicket());
  }

  private static Frame.Output decodeOutput(StdStream stream, Output message) {
    return new Frame.Output(stream, message.getOffset(), message.getData());
  }

  private static Frame.Failure decodeError(Error message) {
    return new Frame.Failure(decodeCode(message.getCode()), message.getMessage(), message.getEnd());
  }

  private static dev.orchard.proto.frame.v1.ErrorCode encodeCode(ErrorCode code) {
    return switch (code) {
      case INVALID_FRAME -> dev.orchard.proto.frame.v1.ErrorCode.INVALID_FRAME;
      case OFFSET_AHEAD_OF_LOG -> dev.orchard.proto.frame.v1.ErrorCode.OFFSET_AHEAD_OF_LOG;
      case STDIN_OFFSET_GAP -> dev.orchard.proto.frame.v1.ErrorCode.STDIN_OFFSET_GAP;
      case NOT_WRITER -> dev.orchard.proto.frame.v1.ErrorCode.NOT_WRITER;
      case WORKER_UNREACHABLE -> dev.orchard.proto.frame.v1.ErrorCode.WORKER_UNREACHABLE;
      case SESSION_GONE -> dev.orchard.proto.frame.v1.ErrorCode.SESSION_GONE;
      case SLOW_READER -> dev.orchard.proto.frame.v1.ErrorCode.SLOW_READER;
      case DRAINING -> dev.orchard.proto.frame.v1.ErrorCode.DRAINING;
      case LIMIT_EXCEEDED -> dev.orchard.proto.frame.v1.ErrorCode.LIMIT_EXCEEDED;
      case INTERNAL -> dev.orchard.proto.frame.v1.ErrorCode.INTERNAL;
      case FORBIDDEN -> dev.orchard.proto.frame.v1.ErrorCode.FORBIDDEN;
    };
  }

  private static ErrorCode decodeCode(dev.orchard.proto.frame.v1.ErrorCode code) {
    return switch (code) {
      case INVALID_FRAME -> ErrorCode.INVALID_FRAME;
      case OFFSET_AHEAD_OF_LOG -> ErrorCode.OFFSET_AHEAD_OF_LOG;
      case STDIN_OFFSET_GAP -> ErrorCode.STDIN_OFFSET_GAP;
      case NOT_WRITER -> ErrorCode.NOT_WRITER;
      case WORKER_UNREACHABLE -> ErrorCode.WORKER_UNREACHABLE;
      case SESSION_GONE -> ErrorCode.SESSION_GONE;
      case SLOW_READER -> ErrorCode.SLOW_READER;
      case DRAINING -> ErrorCode.DRAINING;
      case LIMIT_EXCEEDED -> ErrorCode.LIMIT_EXCEEDED;
      case INTERNAL -> ErrorCode.INTERNAL;
      case FORBIDDEN -> ErrorCode.FORBIDDEN;
      case ERROR_CODE_UNSPECIFIED, UNRECOGNIZED ->
          throw new InvalidFrameException("error.code", code + " is not known to this version");
    };
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  private static @Nullable String orNull(String text) {
    return text.isEmpty() ? null : text;
  }

  private static ByteString orEmpty(@Nullable ByteString bytes) {
    return bytes == null ? ByteString.EMPTY : bytes;
  }

  private static @Nullable ByteString orNull(ByteString bytes) {
    return bytes.isEmpty() ? null : bytes;
  }
}

package dev.orchard.controller.session;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.ErrorCode;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.InvalidFrameException;
import dev.orchard.exec.frame.JsonFrames;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Our own frames: JSON as in docs/protocol.md, one in each text message. */
public final class JsonCodec implements SocketCodec {
  private final boolean interactive;

  /**
   * @param interactive the client may write
   */
  public JsonCodec(boolean interactive) {
    this.interactive = interactive;
  }

  @Override
  public Reaction text(String message) {
    Frame.In frame;
    try {
      frame = JsonFrames.decodeIn(message.getBytes(StandardCharsets.UTF_8));
    } catch (InvalidFrameException e) {
      return refusal(Close.POLICY, ErrorCode.INVALID_FRAME, String.valueOf(e.getMessage()));
    }
    if (frame instanceof Frame.Heartbeat) {
      return Pass.NOTHING;
    }
    return interactive
        ? Pass.of(frame)
        : refusal(
            Close.POLICY,
            ErrorCode.NOT_WRITER,
            "this socket only reads: attach with interactive=true");
  }

  @Override
  public Reaction binary(ByteString part, boolean last) {
    return refusal(
        Close.NOT_TEXT,
        ErrorCode.INVALID_FRAME,
        "a binary message: frames are JSON in text messages");
  }

  @Override
  public Reaction tooLong() {
    return refusal(
        Close.TOO_BIG,
        ErrorCode.LIMIT_EXCEEDED,
        "a message is longer than %d bytes".formatted(maxText()));
  }

  private static Close refusal(int code, ErrorCode error, String why) {
    return new Close(List.of(message(new Frame.Failure(error, why))), code, error.word());
  }

  @Override
  public List<Message> encode(Frame.Out frame) {
    return List.of(message(frame));
  }

  private static Message message(Frame.Out frame) {
    byte[] line = JsonFrames.encode(frame);
    // Without the line feed, which only NDJSON needs.
    return new Text(new String(line, 0, line.length - 1, StandardCharsets.UTF_8));
  }

  @Override
  public Optional<Ending> end(Frame.@Nullable Out last) {
    if (last == null) {
      return Optional.of(new Close(Close.NORMAL, "end of the log"));
    }
    return Optional.of(
        last instanceof Frame.Failure
            ? new Close(Close.FAILURE, "error")
            : new Close(Close.NORMAL, "exit"));
  }
}

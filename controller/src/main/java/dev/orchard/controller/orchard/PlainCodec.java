package dev.orchard.controller.orchard;

import com.google.protobuf.ByteString;
import dev.orchard.controller.session.SocketCodec;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.JsonFrames;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Orchard's messages of an exec without a session. What a client may not say cuts the connection,
 * as Orchard does.
 */
final class PlainCodec implements SocketCodec {
  private final boolean interactive;
  private final boolean terminal;
  private long stdinOffset;
  private boolean stdinEnded;

  PlainCodec(boolean interactive, boolean terminal) {
    this.interactive = interactive;
    this.terminal = terminal;
  }

  @Override
  public Reaction text(String message) {
    return OrchardFrames.parse(message).map(this::react).orElseGet(Drop::new);
  }

  private Reaction react(OrchardFrames.In said) {
    return switch (said) {
      case OrchardFrames.In.Stdin(ByteString data) when interactive && !stdinEnded -> stdin(data);
      case OrchardFrames.In.Resize(Frame.Resize size) when terminal -> Pass.of(size);
      case OrchardFrames.In.Stdin _,
          OrchardFrames.In.Resize _,
          OrchardFrames.In.History _,
          OrchardFrames.In.Ack _,
          OrchardFrames.In.Detach _,
          OrchardFrames.In.Close _ ->
          new Drop();
    };
  }

  private Reaction stdin(ByteString data) {
    stdinEnded = data.isEmpty();
    List<Frame.In> frames = frames(stdinOffset, data);
    stdinOffset += data.size();
    return new Pass(frames);
  }

  /** One message may hold a little more than one frame. No data: the end. */
  static List<Frame.In> frames(long offset, ByteString data) {
    if (data.isEmpty()) {
      return List.of(new Frame.Stdin(offset, data, true));
    }
    List<Frame.In> frames = new ArrayList<>();
    for (int from = 0; from < data.size(); from += Frame.MAX_DATA) {
      ByteString part = data.substring(from, Math.min(data.size(), from + Frame.MAX_DATA));
      frames.add(new Frame.Stdin(offset + from, part, false));
    }
    return frames;
  }

  @Override
  public Reaction binary(ByteString part, boolean last) {
    return Pass.NOTHING;
  }

  @Override
  public Reaction tooLong() {
    return tooBig();
  }

  static Close tooBig() {
    return new Close(
        Close.TOO_BIG, "a message is longer than %d bytes".formatted(JsonFrames.MAX_BYTES));
  }

  @Override
  public List<Message> encode(Frame.Out frame) {
    return switch (frame) {
      case Frame.Output output -> List.of(OrchardFrames.output(output, false));
      case Frame.Exit exit -> List.of(OrchardFrames.exit(exit, false));
      case Frame.Failure failure -> List.of(OrchardFrames.error(failure));
      case Frame.Started _, Frame.Gap _, Frame.Ack _, Frame.Heartbeat _ -> List.of();
    };
  }

  @Override
  public Optional<Ending> end(Frame.@Nullable Out last) {
    return Optional.of(
        last instanceof Frame.Failure
            ? new Close(Close.FAILURE, "error")
            : new Close(Close.NORMAL, "Command finished"));
  }
}

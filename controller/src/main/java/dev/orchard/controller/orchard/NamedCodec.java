package dev.orchard.controller.orchard;

import com.google.protobuf.ByteString;
import dev.orchard.controller.problem.ApiException;
import dev.orchard.controller.session.SocketCodec;
import dev.orchard.exec.frame.Frame;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Orchard's messages of a named session. A client that says what it may not is cut off; the session
 * goes on.
 */
final class NamedCodec implements SocketCodec {
  /** Of RFC 6455, section 5.5: 125 bytes with the code. */
  private static final int MAX_REASON = 120;

  private final NamedSession session;
  private final boolean interactive;
  private final boolean terminal;
  private final Runnable end;

  /**
   * @param end ends the session for everybody, or throws
   */
  NamedCodec(NamedSession session, boolean interactive, boolean terminal, Runnable end) {
    this.session = session;
    this.interactive = interactive;
    this.terminal = terminal;
    this.end = end;
  }

  @Override
  public Reaction text(String message) {
    return OrchardFrames.parse(message).map(this::react).orElseGet(Drop::new);
  }

  private Reaction react(OrchardFrames.In said) {
    return switch (said) {
      case OrchardFrames.In.Stdin(ByteString data) when interactive && session.takesInput() ->
          new Pass(PlainCodec.frames(0, data));
      case OrchardFrames.In.Resize(Frame.Resize size) when terminal -> Pass.of(size);
      case OrchardFrames.In.History(long watermark) when session.history(watermark) -> Pass.NOTHING;
      // The log has its own limits.
      case OrchardFrames.In.Ack() -> Pass.NOTHING;
      case OrchardFrames.In.Close() -> close();
      case OrchardFrames.In.Stdin _,
          OrchardFrames.In.Resize _,
          OrchardFrames.In.History _,
          OrchardFrames.In.Detach _ ->
          new Drop();
    };
  }

  private Reaction close() {
    try {
      end.run();
      return new Close(Close.NORMAL, "session closed");
    } catch (ApiException e) {
      return new Close(Close.POLICY, reason(e.detail()));
    }
  }

  @Override
  public Reaction binary(ByteString part, boolean last) {
    return Pass.NOTHING;
  }

  @Override
  public Reaction tooLong() {
    return PlainCodec.tooBig();
  }

  @Override
  public List<Message> due() {
    return session.takeMarker()
        ? List.of(OrchardFrames.noMoreHistory(session.newest()))
        : List.of();
  }

  @Override
  public List<Message> encode(Frame.Out frame) {
    return switch (frame) {
      case Frame.Output output -> List.of(OrchardFrames.output(output, true));
      case Frame.Exit exit -> List.of(OrchardFrames.exit(exit, true));
      // This connection has failed, and not the session.
      case Frame.Failure _ -> List.of();
      case Frame.Started _, Frame.Gap _, Frame.Ack _, Frame.Heartbeat _ -> List.of();
    };
  }

  @Override
  public Optional<Ending> end(Frame.@Nullable Out last) {
    return switch (last) {
      case null -> Optional.of(new Close(Close.NORMAL, "session forgotten"));
      case Frame.Failure failure ->
          Optional.of(new Close(Close.FAILURE, reason(failure.message())));
      case Frame.Exit _,
          Frame.Started _,
          Frame.Output _,
          Frame.Gap _,
          Frame.Ack _,
          Frame.Heartbeat _ ->
          Optional.empty();
    };
  }

  private static String reason(String message) {
    // What is no ASCII may take three bytes.
    String ascii = message.replaceAll("[^ -~]", "?");
    return ascii.substring(0, Math.min(ascii.length(), MAX_REASON));
  }
}

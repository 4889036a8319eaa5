package dev.orchard.cli.exec;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.JsonFrames;
import dev.orchard.exec.frame.StdStream;
import dev.orchard.exec.session.ClientSession.Reaction;
import dev.orchard.exec.session.Outcome;
import java.util.Optional;

/** What of a session's frames is printed, and how. Owned by one thread. */
sealed interface Printer {
  /** Bytes for one of our own streams. */
  record Printed(StdStream stream, ByteString data) {}

  /**
   * One frame.
   *
   * @param reaction what the session made of it
   * @param end offset behind the output that was delivered so far, this frame's included
   */
  Optional<Printed> print(Frame.Out frame, Reaction reaction, long end);

  /** The command's own bytes and nothing else. */
  record Raw() implements Printer {
    @Override
    public Optional<Printed> print(Frame.Out frame, Reaction reaction, long end) {
      return reaction instanceof Reaction.Deliver(StdStream stream, ByteString data)
          ? Optional.of(new Printed(stream, data))
          : Optional.empty();
    }
  }

  /**
   * One JSON frame a line on standard output: {@code started} once, each byte once, and {@code
   * exit} only where the outcome is known. Tickets are left out: they let their bearer in.
   */
  final class Json implements Printer {
    private boolean started;

    @Override
    public Optional<Printed> print(Frame.Out frame, Reaction reaction, long end) {
      return switch (reaction) {
        case Reaction.Nothing() -> started(frame);
        case Reaction.Deliver(StdStream stream, ByteString data) ->
            line(new Frame.Output(stream, end - data.size(), data));
        case Reaction.TellGap(long from, long to) -> line(new Frame.Gap(from, to));
        case Reaction.Reconnect reconnect -> Optional.empty();
        case Reaction.End(Outcome.Known(Frame.Exit exit)) -> line(exit);
        case Reaction.End(Outcome.Unknown unknown) ->
            frame instanceof Frame.Failure ? line(frame) : Optional.empty();
      };
    }

    private Optional<Printed> started(Frame.Out frame) {
      if (started || !(frame instanceof Frame.Started first)) {
        return Optional.empty();
      }
      started = true;
      return line(new Frame.Started(first.session(), first.pid(), first.bootId(), ""));
    }

    private static Optional<Printed> line(Frame frame) {
      return Optional.of(
          new Printed(StdStream.STDOUT, ByteString.copyFrom(JsonFrames.encode(frame))));
    }
  }
}

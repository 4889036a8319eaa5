package dev.orchard.cli.exec;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.JsonFrames;
import dev.orchard.exec.frame.StdStream;
import java.util.Optional;

/** What of a session is printed, and how. */
sealed interface Printer {
  /** Bytes for one of our own streams. */
  record Printed(StdStream stream, ByteString data) {}

  /**
   * What came of the session.
   *
   * @param frame {@code started} once, each byte once, and {@code exit} only where the outcome is
   *     known
   */
  Optional<Printed> print(Frame.Out frame);

  /** The command's own bytes and nothing else. */
  record Raw() implements Printer {
    @Override
    public Optional<Printed> print(Frame.Out frame) {
      return frame instanceof Frame.Output output
          ? Optional.of(new Printed(output.stream(), output.data()))
          : Optional.empty();
    }
  }

  /** One JSON frame a line on standard output. Tickets are left out: they let their bearer in. */
  record Json() implements Printer {
    @Override
    public Optional<Printed> print(Frame.Out frame) {
      Frame shown =
          frame instanceof Frame.Started started
              ? new Frame.Started(started.session(), started.pid(), started.bootId(), "")
              : frame;
      return Optional.of(
          new Printed(StdStream.STDOUT, ByteString.copyFrom(JsonFrames.encode(shown))));
    }
  }
}

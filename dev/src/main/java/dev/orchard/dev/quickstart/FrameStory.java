package dev.orchard.dev.quickstart;

import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.JsonFrames;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Takes the frames that {@code exec -o json} prints, one a line, and tells them to a person: when
 * each came, counted from the creation of this object, and what it said.
 */
public final class FrameStory extends OutputStream {
  private final PrintStream out;
  private final LongSupplier nanos;
  private final long start;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();

  public FrameStory(PrintStream out, LongSupplier nanos) {
    this.out = out;
    this.nanos = nanos;
    this.start = nanos.getAsLong();
  }

  @Override
  public void write(int b) {
    if (b != '\n') {
      line.write(b);
      return;
    }
    double seconds = Duration.ofNanos(nanos.getAsLong() - start).toMillis() / 1000.0;
    out.printf(
        Locale.ROOT, "  +%.3f s  %s%n", seconds, told(JsonFrames.decodeOut(line.toByteArray())));
    line.reset();
  }

  private static String told(Frame.Out frame) {
    return switch (frame) {
      case Frame.Started started ->
          "started  pid=%d bootID=%s session=%s"
              .formatted(started.pid(), started.bootId(), started.session());
      case Frame.Output output ->
          "%s   offset=%d %s"
              .formatted(
                  output.stream().name().toLowerCase(Locale.ROOT),
                  output.offset(),
                  quoted(output.data().toString(StandardCharsets.UTF_8)));
      case Frame.Gap gap -> "gap      from=%d to=%d".formatted(gap.from(), gap.to());
      case Frame.Ack ack -> "ack      stdinOffset=%d".formatted(ack.stdinOffset());
      case Frame.Heartbeat _ -> "heartbeat";
      case Frame.Exit exit ->
          "exit     %s reason=%s stdoutBytes=%d stderrBytes=%d durationMs=%d"
              .formatted(
                  exit.code() == null ? "signal=" + exit.signal() : "code=" + exit.code(),
                  exit.reason().word(),
                  exit.stdoutBytes(),
                  exit.stderrBytes(),
                  exit.duration().toMillis());
      case Frame.Failure failure ->
          "error    %s: %s".formatted(failure.code().word(), failure.message());
    };
  }

  private static String quoted(String text) {
    return "\""
        + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\r", "\\r").replace("\n", "\\n")
        + "\"";
  }
}

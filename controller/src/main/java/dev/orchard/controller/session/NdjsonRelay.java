package dev.orchard.controller.session;

import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.JsonFrames;
import dev.orchard.exec.frame.TextMode;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Copies a session's frames to a chunked response, a line each, as they come. */
public final class NdjsonRelay {
  private final WriteDeadline deadline;
  private final Duration heartbeat;

  /**
   * @param heartbeat of silence, after which a line goes out that says that nothing happened
   */
  public NdjsonRelay(WriteDeadline deadline, Duration heartbeat) {
    this.deadline = deadline;
    this.heartbeat = heartbeat;
  }

  /**
   * Returns behind the last frame, in the caller's thread.
   *
   * @param first a frame that was read already
   * @param text for people instead of base64
   * @throws IOException if the reader has gone, or takes nothing for too long
   */
  public void run(
      FrameStream stream, FrameStream.@Nullable Next first, boolean text, OutputStream out)
      throws IOException, InterruptedException {
    TextMode decoder = text ? new TextMode() : null;
    try (WriteDeadline.Guard guard = deadline.guard()) {
      FrameStream.Next next = first == null ? stream.next(heartbeat) : first;
      while (true) {
        Frame.Out frame;
        switch (next) {
          case FrameStream.Next.Over() -> {
            return;
          }
          case FrameStream.Next.Nothing() -> frame = new Frame.Heartbeat("");
          case FrameStream.Next.Arrived arrived -> frame = arrived.frame();
        }
        List<byte[]> lines =
            decoder == null ? List.of(JsonFrames.encode(frame)) : decoder.encode(frame);
        guard.write(() -> {
          for (byte[] line : lines) {
            out.write(line);
          }
          out.flush();
        });
        if (next instanceof FrameStream.Next.Arrived arrived) {
          if (arrived.isLast()) {
            return;
          }
          stream.done();
        }
        next = stream.next(heartbeat);
      }
    }
  }
}

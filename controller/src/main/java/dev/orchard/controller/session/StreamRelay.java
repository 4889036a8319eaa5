package dev.orchard.controller.session;

import dev.orchard.exec.frame.Frame;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Copies a session's frames to a chunked response as they come. */
public final class StreamRelay {
  private final WriteDeadline deadline;
  private final Duration heartbeat;

  /**
   * @param heartbeat of silence, after which a frame goes out that says that nothing happened
   */
  public StreamRelay(WriteDeadline deadline, Duration heartbeat) {
    this.deadline = deadline;
    this.heartbeat = heartbeat;
  }

  /**
   * Returns behind the last frame, in the caller's thread.
   *
   * @param first a frame that was read already
   * @throws IOException if the reader has gone, or takes nothing for too long
   */
  public void run(
      FrameStream stream,
      FrameStream.@Nullable Next first,
      FrameEncoding encoding,
      OutputStream out)
      throws IOException, InterruptedException {
    try (WriteDeadline.Guard guard = deadline.guard()) {
      write(guard, encoding.preamble(), out);
      FrameStream.Next next = first == null ? stream.next(heartbeat) : first;
      while (true) {
        Frame.Out frame;
        switch (next) {
          case FrameStream.Next.Over() -> {
            return;
          }
          case FrameStream.Next.Nothing() -> frame = stream.heartbeat();
          case FrameStream.Next.Arrived arrived -> frame = arrived.frame();
        }
        write(guard, encoding.encode(frame), out);
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

  private static void write(WriteDeadline.Guard guard, List<byte[]> pieces, OutputStream out)
      throws IOException {
    if (pieces.isEmpty()) {
      return;
    }
    guard.write(() -> {
      for (byte[] piece : pieces) {
        out.write(piece);
      }
      out.flush();
    });
  }
}

package dev.orchard.controller.session;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import java.time.Duration;

/** Stdin that came whole with a request, sent to its session by a thread of its own. */
final class InlineStdin {
  /** A process may take its stdin as late as it likes. */
  private static final Duration EVER = Duration.ofDays(365);

  private InlineStdin() {}

  /**
   * Sends it all, then eof; ends early if the stream does.
   *
   * @param ownStream nobody else reads it: take what comes until all is acknowledged, then close
   */
  static void send(ByteString data, FrameStream stream, boolean ownStream) {
    try {
      int offset = 0;
      boolean open = true;
      while (open && offset < data.size()) {
        int end = Math.min(data.size(), offset + Frame.MAX_DATA);
        open = stream.send(new Frame.Stdin(offset, data.substring(offset, end), false), EVER);
        offset = end;
      }
      if (open) {
        open = stream.send(new Frame.Stdin(data.size(), ByteString.EMPTY, true), EVER);
      }
      if (ownStream && open) {
        awaitTaken(data.size(), stream);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (ownStream) {
        stream.close();
      }
    }
  }

  private static void awaitTaken(long bytes, FrameStream stream) throws InterruptedException {
    boolean waiting = true;
    while (waiting) {
      waiting =
          switch (stream.next(EVER)) {
            case FrameStream.Next.Nothing() -> true;
            case FrameStream.Next.Over() -> false;
            case FrameStream.Next.Arrived arrived -> {
              stream.done();
              yield !arrived.isLast()
                  && !(arrived.frame() instanceof Frame.Ack(long taken) && taken >= bytes);
            }
          };
    }
  }
}

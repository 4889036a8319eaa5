package dev.orchard.controller.session;

import dev.orchard.exec.frame.Frame;
import java.time.Duration;

/**
 * The frames of one attachment as blocking calls.
 *
 * <p>One thread reads, one sends; {@link #wake} and {@link #close} are anybody's.
 */
public interface FrameStream extends AutoCloseable {
  /** What comes next. */
  sealed interface Next {
    record Arrived(Frame.Out frame) implements Next {
      /** Whether nothing follows: it is an exit or an error. */
      public boolean isLast() {
        return frame instanceof Frame.Exit || frame instanceof Frame.Failure;
      }
    }

    /** No frame for as long as was waited, or a {@link FrameStream#wake}. */
    record Nothing() implements Next {}

    /** A regular end: all that was asked for has come, and the session may well go on. */
    record Over() implements Next {}
  }

  /** What comes within {@code patience}. Must not be called behind the last frame or the end. */
  Next next(Duration patience) throws InterruptedException;

  /** The frame that {@link #next} returned is dealt with: another one may come. */
  void done();

  /** Sends once there is room. False if the stream is over or had none for that long. */
  boolean send(Frame.In frame, Duration patience) throws InterruptedException;

  /** What to say where nothing else has been said for a while. The reading thread's. */
  default Frame.Heartbeat heartbeat() {
    return new Frame.Heartbeat("");
  }

  /** Makes a waiting {@link #next} return empty. */
  void wake();

  @Override
  void close();
}

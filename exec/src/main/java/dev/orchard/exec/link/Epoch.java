package dev.orchard.exec.link;

import java.util.Optional;

/**
 * How one end agrees with the other on an epoch, and notices that it is over. Within an epoch
 * frames arrive in order, each once, or the epoch ends: nothing is ever sent again.
 */
sealed interface Epoch permits HostEpoch, GuestEpoch {
  long NEVER = Long.MAX_VALUE;

  /** What a frame, or the time, means for the streams. */
  enum Verdict {
    /** Nothing: a frame of the link itself, of another epoch, or one seen before. */
    NONE,
    /** The frame is the next one of this epoch and belongs to a stream. */
    FRAME,
    /** A new epoch: streams of an old one are over. */
    BEGUN,
    /** The epoch is over. */
    LOST
  }

  /** A frame of the link itself, without a payload. */
  record Control(FrameType type, long epoch) {
    /** Only what is said within an epoch is counted. */
    boolean sequenced() {
      return type == FrameType.PING || type == FrameType.PONG;
    }
  }

  Verdict received(LinkFrame frame, long now);

  /** The peer broke the protocol. */
  void fail(long now);

  /** A channel was opened to the other end, which need not be there. */
  void carrierOpened(long now);

  void carrierLost();

  /** {@code active}: there are streams, so it matters whether the other end lives. */
  Verdict tick(long now, boolean active);

  /** When to call {@link #tick} next, or {@link #NEVER}. */
  long nextTick(boolean active);

  boolean up();

  /** Meaningful while {@link #up}. */
  long id();

  /** The next frame to send of the link itself. */
  Optional<Control> poll();

  boolean hasControl();

  static int hostHalf(long epoch) {
    return (int) (epoch >>> 32);
  }

  static long id(int hostHalf, int guestHalf) {
    return (long) hostHalf << 32 | Integer.toUnsignedLong(guestHalf);
  }
}

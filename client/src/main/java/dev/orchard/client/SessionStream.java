package dev.orchard.client;

import dev.orchard.exec.frame.Frame;

/**
 * One connection to a session. At most {@link #UNCONSUMED} frames arrive before {@link #consumed}
 * is called for them, and one frame is sent at a time: the next after {@link Listener#sent}.
 */
public interface SessionStream {
  /** Frames of 24,000 bytes that may wait here: room for 384 kB of output. */
  int UNCONSUMED = 16;

  /** One call at a time; must not block. */
  interface Listener {
    void received(Frame.Out frame);

    /** The frame given to {@link SessionStream#send} is on its way. */
    void sent();

    /** No more calls follow. */
    void closed(String why);

    /** The other end broke the protocol, as it would on the next connection too. */
    void broken(String why);

    /** All that there is for now has come, as it was asked for. No more calls follow. */
    void finished();
  }

  /** Lets frames arrive: none does before its reader knows of the stream. */
  void receive();

  /** Sends a frame; not again before {@link Listener#sent}. */
  void send(Frame.In frame);

  /** One frame more may arrive. */
  void consumed();

  /** Says goodbye; where the other end does too, {@link Listener#closed} follows. */
  void close();

  /** Drops the connection as it is. */
  void abort();
}

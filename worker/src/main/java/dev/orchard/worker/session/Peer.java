package dev.orchard.worker.session;

import dev.orchard.exec.frame.Frame;

/** The other end of an attachment: frames to it, and from it one at a time. */
public interface Peer {
  /** Whether a frame goes out without being queued; {@link Listener#wake} says when again. */
  boolean isReady();

  void send(Frame.Out frame);

  /** Nothing follows. */
  void complete();

  /** Asks for the next frame from it. Any thread. */
  void more();

  /** What comes from a peer, on threads of its channel. */
  interface Listener {
    /** It is ready again. */
    default void wake() {}

    /** May block. */
    default void received(Frame.In frame) throws InterruptedException {}

    /** It sent what it must not. */
    default void invalid(String why) {}

    /** It has gone. */
    default void closed() {}
  }

  /** Connects to the peer that waits for an attachment. */
  interface Opener {
    Peer open(Listener listener) throws InterruptedException;
  }
}

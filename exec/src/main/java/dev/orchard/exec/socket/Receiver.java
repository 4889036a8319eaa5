package dev.orchard.exec.socket;

import com.google.protobuf.ByteString;
import org.jspecify.annotations.Nullable;

/** What comes of a {@link MessageSocket}, in order, on a thread of its own that it may block. */
public interface Receiver {
  /** There is room to send again. On a thread that must not be blocked. */
  default void ready() {}

  /** A message that was asked for. */
  void received(ByteString message) throws InterruptedException;

  /**
   * Last.
   *
   * @param failure absent if the other side has ended the stream regularly
   */
  void ended(@Nullable String failure);
}

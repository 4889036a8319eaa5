package dev.orchard.worker.stream;

import org.jspecify.annotations.Nullable;

/**
 * What comes of a stream, in order, on threads of its own that it may block. {@link #ready} can
 * come before whoever opened the stream has it.
 */
public interface StreamListener<A> {
  /** There is room again. */
  default void ready() {}

  /** A message that was asked for. */
  void received(A message);

  /**
   * Last.
   *
   * @param failure absent if the other side has ended the stream regularly
   */
  void ended(@Nullable String failure);
}

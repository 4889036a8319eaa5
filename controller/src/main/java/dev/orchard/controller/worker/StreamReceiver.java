package dev.orchard.controller.worker;

import org.jspecify.annotations.Nullable;

/** What comes from a worker over one stream, in order. Must not block. */
public interface StreamReceiver<T> {
  /** A message that was asked for. */
  void received(T message);

  /**
   * Last.
   *
   * @param failure absent if the worker ended the stream regularly
   */
  void ended(@Nullable String failure);
}

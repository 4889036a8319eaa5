package dev.orchard.controller.worker;

import org.jspecify.annotations.Nullable;

/** What comes from a worker over one attachment: one {@link Opened}, frames, one {@link Ended}. */
public sealed interface Delivery<O> {
  /** The worker answered the rendezvous. */
  record Opened<O>() implements Delivery<O> {}

  /** One frame; the next one comes after {@link Attachment#request()}. */
  record Arrived<O>(O frame) implements Delivery<O> {}

  /**
   * Nothing more comes.
   *
   * @param failure absent if the worker ended the stream regularly
   */
  record Ended<O>(@Nullable String failure) implements Delivery<O> {}
}

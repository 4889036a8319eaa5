package dev.orchard.controller.worker;

import dev.orchard.exec.frame.Frame;
import org.jspecify.annotations.Nullable;

/** What comes from a worker over one attachment: one {@link Opened}, frames, one {@link Ended}. */
public sealed interface Delivery {
  /** The worker answered the rendezvous. */
  record Opened() implements Delivery {}

  /** One frame; the next one comes after {@link Attachment#request()}. */
  record Arrived(Frame.Out frame) implements Delivery {}

  /**
   * Nothing more comes.
   *
   * @param failure absent if the worker ended the stream regularly
   */
  record Ended(@Nullable String failure) implements Delivery {}
}

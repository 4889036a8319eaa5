package dev.orchard.controller.session;

import com.google.protobuf.ByteString;

/** Where a requested command's stdin comes from. */
public sealed interface StdinSource {
  /** It is empty. */
  record None() implements StdinSource {}

  /** Whoever attaches as writer sends it. */
  record Attach() implements StdinSource {}

  /** It came with the request, whole. Goes to the worker, never into the object. */
  record Inline(ByteString data) implements StdinSource {}
}

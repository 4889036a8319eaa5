package dev.orchard.worker.guest;

import org.jspecify.annotations.Nullable;

/** Hears from a link's thread that its agent answers, or no longer does (null). May block. */
public interface GuestListener {
  void changed(@Nullable Guest guest) throws InterruptedException;
}

package dev.orchard.cli.controller;

import java.time.Duration;
import java.util.Optional;

/** What became of asking a controller for something. */
public sealed interface Reply<T> {
  /** Done as asked. */
  record Done<T>(T value) implements Reply<T> {}

  /**
   * The controller said no.
   *
   * @param status of HTTP
   * @param message the controller's own words where it had any
   * @param retryAfter as the controller wishes
   */
  record Refused<T>(int status, String message, Optional<Duration> retryAfter) implements Reply<T> {
    /** Whether the same request may be taken later or by another replica. */
    public boolean isPassing() {
      return switch (status) {
        case 408, 421, 425, 429, 500, 502, 503, 504 -> true;
        default -> false;
      };
    }
  }

  /** No answer: it may or may not have been done. */
  record Failed<T>(String why) implements Reply<T> {}
}

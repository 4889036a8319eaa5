package dev.orchard.controller.worker;

/**
 * Why this replica ends a stream of a worker.
 *
 * @param why for people
 */
public record StreamEnd(Kind kind, String why) {
  /** What the worker can do about it. */
  public enum Kind {
    /** The worker breaks the protocol. */
    INVALID,
    /** Its token is of no worker. */
    UNAUTHENTICATED,
    /** Its token is of another worker. */
    FORBIDDEN,
    /** Nobody waits for it. */
    NOT_FOUND,
    /** It, or this replica, does not keep up. */
    OVERLOADED,
    /** It was not heard of. */
    SILENT,
    /** It has a newer link. */
    SUPERSEDED,
    /** Try again. */
    UNAVAILABLE
  }
}

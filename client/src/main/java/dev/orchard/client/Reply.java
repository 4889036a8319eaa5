package dev.orchard.client;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;

/** What became of asking a server for something. */
public sealed interface Reply<T> {
  /** What an answer means, where there is one. */
  default <R> Reply<R> map(Function<T, R> meaning) {
    return switch (this) {
      case Done<T>(T value) -> new Done<>(meaning.apply(value));
      case Refused<T>(int status, String message, Optional<Duration> retryAfter) ->
          new Refused<>(status, message, retryAfter);
      case Failed<T>(String why) -> new Failed<>(why);
    };
  }

  /**
   * The answer of a question that is asked once.
   *
   * @throws RefusedException where there is none
   */
  default T orThrow() {
    return switch (this) {
      case Done<T>(T value) -> value;
      case Refused<T> refused ->
          throw new RefusedException("%s (%d)".formatted(refused.message(), refused.status()));
      case Failed<T>(String why) -> throw new RefusedException(why);
    };
  }

  /** Done as asked. */
  record Done<T>(T value) implements Reply<T> {}

  /**
   * The server said no.
   *
   * @param status of HTTP
   * @param message the server's own words where it had any
   * @param retryAfter as the server wishes
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

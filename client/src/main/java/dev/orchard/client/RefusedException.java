package dev.orchard.client;

/** A server said no, or none could be reached: nothing is known of an outcome. */
public final class RefusedException extends ClientException {
  RefusedException(String message) {
    super(message);
  }
}

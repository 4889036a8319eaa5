package dev.orchard.exec.frame;

/**
 * Something that the schema does not allow. The message names the field, what it held and what to
 * send instead, and may be shown to whoever sent it.
 */
public final class InvalidFrameException extends IllegalArgumentException {
  private final String field;

  InvalidFrameException(String field, String problem) {
    super(field + ": " + problem);
    this.field = field;
  }

  /** {@code event.field}, or the event or {@code frame} where no single field is at fault. */
  public String field() {
    return field;
  }
}

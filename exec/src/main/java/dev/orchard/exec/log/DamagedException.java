package dev.orchard.exec.log;

import java.io.IOException;

/** A file was read, and what it says is not whole or not of this version: another try is no use. */
public final class DamagedException extends IOException {
  private static final long serialVersionUID = 1L;

  DamagedException(String message) {
    super(message);
  }

  DamagedException(String message, Throwable cause) {
    super(message, cause);
  }
}

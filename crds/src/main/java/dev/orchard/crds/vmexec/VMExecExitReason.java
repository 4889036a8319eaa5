package dev.orchard.crds.vmexec;

import com.fasterxml.jackson.annotation.JsonValue;

/** Why a VMExec ended; the words of the frame {@code exit}. */
public enum VMExecExitReason {
  EXITED("Exited"),
  SIGNALED("Signaled"),
  /** After timeoutSeconds. */
  TIMED_OUT("TimedOut"),
  /** After idleTimeoutSeconds without a byte either way. */
  IDLE_TIMED_OUT("IdleTimedOut"),
  CANCELLED("Cancelled"),
  OUTPUT_LIMIT("OutputLimit"),
  /** No process ever ran. Code 126 or 127 where the guest said so. */
  START_FAILED("StartFailed"),
  /** What ran it is gone; whether it ended, and how, nobody knows. */
  LOST("Lost");

  private final String word;

  VMExecExitReason(String word) {
    this.word = word;
  }

  /** As it stands in the object. */
  @JsonValue
  public String word() {
    return word;
  }
}

package dev.orchard.crds.vmexec;

import com.fasterxml.jackson.annotation.JsonValue;

/** What becomes of a VMExec if nothing else ends it first. */
public enum DesiredState {
  RUNNING("Running"),
  /** For good: it cannot be taken back. */
  CANCELLED("Cancelled");

  private final String word;

  DesiredState(String word) {
    this.word = word;
  }

  /** As it stands in the object. */
  @JsonValue
  public String word() {
    return word;
  }
}

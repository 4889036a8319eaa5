package dev.orchard.crds.vm;

import com.fasterxml.jackson.annotation.JsonValue;

/** Whether a VM shall run. */
public enum PowerState {
  RUNNING("Running"),
  STOPPED("Stopped");

  private final String word;

  PowerState(String word) {
    this.word = word;
  }

  /** As it stands in the object. */
  @JsonValue
  public String word() {
    return word;
  }
}

package dev.orchard.crds.vm;

import com.fasterxml.jackson.annotation.JsonValue;

/** A VM's conditions in one word, for people; the conditions are the contract. */
public enum VMState {
  /** No worker has it yet. */
  PENDING("Pending"),
  STARTING("Starting"),
  /** Powered on. Whether commands can run in it is condition AgentConnected. */
  RUNNING("Running"),
  STOPPED("Stopped"),
  FAILED("Failed"),
  /** Deleted, but its worker still holds something of it. */
  TERMINATING("Terminating"),
  /** Its worker is silent. */
  UNKNOWN("Unknown");

  private final String word;

  VMState(String word) {
    this.word = word;
  }

  /** As it stands in the object. */
  @JsonValue
  public String word() {
    return word;
  }
}

package dev.orchard.crds.vmexec;

import com.fasterxml.jackson.annotation.JsonValue;

/** What becomes of a command whose foreground reader has gone. */
public enum DisconnectPolicy {
  /** It is cancelled 60 s later, unless a reader comes back. */
  TERMINATE("Terminate"),
  /** It runs on. */
  DETACH("Detach");

  private final String word;

  DisconnectPolicy(String word) {
    this.word = word;
  }

  /** As it stands in the object. */
  @JsonValue
  public String word() {
    return word;
  }
}

package dev.orchard.crds.vmexec;

import com.fasterxml.jackson.annotation.JsonValue;

/** What happens when the output's log is full. */
public enum OnLimit {
  /** The oldest output is forgotten. */
  DROP_OLDEST("DropOldest"),
  /** The process waits in its write. */
  BLOCK("Block"),
  /** The process is ended, with reason OutputLimit. */
  TERMINATE("Terminate");

  private final String word;

  OnLimit(String word) {
    this.word = word;
  }

  /** As it stands in the object. */
  @JsonValue
  public String word() {
    return word;
  }
}

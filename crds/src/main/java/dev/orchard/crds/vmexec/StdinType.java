package dev.orchard.crds.vmexec;

import com.fasterxml.jackson.annotation.JsonValue;

/** Where a command's standard input comes from. */
public enum StdinType {
  /** It is empty. */
  NONE("None"),
  /** From whoever attaches as writer. */
  ATTACH("Attach");

  private final String word;

  StdinType(String word) {
    this.word = word;
  }

  /** As it stands in the object. */
  @JsonValue
  public String word() {
    return word;
  }
}

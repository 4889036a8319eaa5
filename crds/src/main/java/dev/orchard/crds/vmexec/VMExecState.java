package dev.orchard.crds.vmexec;

import com.fasterxml.jackson.annotation.JsonValue;

/** A VMExec's conditions in one word. It only ever moves to a higher rank. */
public enum VMExecState {
  PENDING("Pending", 0),
  /** To one boot of one VM. */
  BOUND("Bound", 1),
  /** Its worker has it. */
  STARTING("Starting", 2),
  RUNNING("Running", 3),
  /** Ended with code 0. */
  SUCCEEDED("Succeeded", 4),
  FAILED("Failed", 4),
  CANCELLED("Cancelled", 4),
  LOST("Lost", 4);

  private static final int TERMINAL = 4;

  private final String word;
  private final int rank;

  VMExecState(String word, int rank) {
    this.word = word;
    this.rank = rank;
  }

  /** As it stands in the object. */
  @JsonValue
  public String word() {
    return word;
  }

  public boolean isTerminal() {
    return rank == TERMINAL;
  }

  /** Whether the API server lets this state follow that one. */
  public boolean mayFollow(VMExecState earlier) {
    return this == earlier || rank > earlier.rank;
  }
}

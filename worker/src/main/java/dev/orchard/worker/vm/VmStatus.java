package dev.orchard.worker.vm;

import dev.orchard.worker.guest.Guest;
import org.jspecify.annotations.Nullable;

/**
 * A VM as its worker knows it. {@code bootId} is there while it runs, {@code guest} while its agent
 * answers besides; {@code message} says why it failed, for people, and may be empty.
 */
public record VmStatus(
    Uid uid, VmState state, @Nullable String bootId, @Nullable Guest guest, String message) {

  /** Why a boot that once ran is over, for people. */
  public String whyOver() {
    return switch (state) {
      case STARTING, RUNNING -> "the VM was started anew";
      case STOPPED -> "the VM was stopped";
      case FAILED -> "the VM failed: " + message;
      case GONE -> "the VM was deleted";
    };
  }

  static VmStatus gone(Uid uid) {
    return new VmStatus(uid, VmState.GONE, null, null, "");
  }
}

package dev.orchard.worker.qemu;

import java.util.Locale;

/** How QEMU runs the guest's instructions. */
public enum Accelerator {
  /** KVM where it is found to work, else TCG. */
  AUTO,
  KVM,
  TCG;

  /**
   * The accelerator that a setting names.
   *
   * @param word {@code auto}, {@code kvm} or {@code tcg}
   */
  public static Accelerator ofWord(String word) {
    try {
      return valueOf(word.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "accelerator '%s' is none of auto, kvm, tcg".formatted(word), e);
    }
  }
}

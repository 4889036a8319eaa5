package dev.orchard.exec.frame;

import java.util.Arrays;
import java.util.Optional;

/** Why a session ended. The first reason that applies wins and never changes. */
public enum ExitReason {
  /** The process ended by itself, with a code. */
  EXITED("Exited"),
  /** A signal ended the process that no rule of ours had sent. */
  SIGNALED("Signaled"),
  /** It ran longer than it was allowed to. */
  TIMED_OUT("TimedOut"),
  /** Nothing was read or written for longer than it was allowed to. */
  IDLE_TIMED_OUT("IdleTimedOut"),
  /** Somebody asked for its end, or its foreground reader stayed away. */
  CANCELLED("Cancelled"),
  /** It printed more than its log may hold, and that was to end it. */
  OUTPUT_LIMIT("OutputLimit"),
  /** No process of it ever ran. */
  START_FAILED("StartFailed"),
  /** Its VM, agent or worker is gone: whether it finished its work is not known. */
  LOST("Lost");

  private final String word;

  ExitReason(String word) {
    this.word = word;
  }

  /** As JSON and Kubernetes spell it. */
  public String word() {
    return word;
  }

  /** The reason that is spelled {@code word}, in exactly this case. */
  public static Optional<ExitReason> ofWord(String word) {
    return Arrays.stream(values()).filter(reason -> reason.word.equals(word)).findFirst();
  }
}

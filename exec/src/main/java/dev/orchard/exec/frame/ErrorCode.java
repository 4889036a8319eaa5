package dev.orchard.exec.frame;

import java.util.Arrays;
import java.util.Optional;

/** Why an attachment failed while its session may well go on. The list is closed. */
public enum ErrorCode {
  /** A frame that the schema does not allow here. */
  INVALID_FRAME("InvalidFrame"),
  /** The offset to read from lies beyond the end of the log. */
  OFFSET_AHEAD_OF_LOG("OffsetAheadOfLog"),
  /** Bytes of stdin are missing before the offset that was sent. */
  STDIN_OFFSET_GAP("StdinOffsetGap"),
  /** Another attachment writes, or took over. */
  NOT_WRITER("NotWriter"),
  /** The worker that holds the session cannot be reached now. */
  WORKER_UNREACHABLE("WorkerUnreachable"),
  /** The session is not, or no longer, known to its worker. */
  SESSION_GONE("SessionGone"),
  /** The reader took nothing for the write deadline. */
  SLOW_READER("SlowReader"),
  /** This replica is going away; another one goes on. */
  DRAINING("Draining"),
  /** More than a limit allows. */
  LIMIT_EXCEEDED("LimitExceeded"),
  /** A defect of ours. The message names the log line. */
  INTERNAL("Internal"),
  /** The right to attach was taken away meanwhile. */
  FORBIDDEN("Forbidden");

  private final String word;

  ErrorCode(String word) {
    this.word = word;
  }

  /** As JSON spells it. */
  public String word() {
    return word;
  }

  /** The code that is spelled {@code word}, in exactly this case. */
  public static Optional<ErrorCode> ofWord(String word) {
    return Arrays.stream(values()).filter(code -> code.word.equals(word)).findFirst();
  }
}

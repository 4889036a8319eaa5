package dev.orchard.exec.session;

import java.util.OptionalLong;

/**
 * The room rule of a session's log: what to do with output when the log is full.
 *
 * @param limit bytes the log may hold
 * @param onLimit what its creator wants while nobody reads in the foreground
 */
public record OutputRoom(long limit, OnOutputLimit onLimit) {
  /**
   * How far behind a foreground reader's cursor the log is kept for it, unless it has read all that
   * there is: it would wait for the process, and the process for it.
   */
  public static final long KEPT_BEHIND_READER = 8L << 20;

  /** What to do before the next byte is appended. */
  public enum Decision {
    APPEND,
    /** Drop the oldest segment and ask again. */
    EVICT,
    /** Leave the output with the guest, and so the process waiting. */
    WAIT,
    /** Cancel the session with reason {@code OutputLimit}. */
    TERMINATE
  }

  /**
   * Asked before every append.
   *
   * @param size bytes in the log
   * @param end offset behind the last byte in the log
   * @param oldestSegmentEnd offset behind the segment that an eviction would drop
   * @param foreground cursor of the slowest foreground reader, or where it was while its lease
   *     lasts; empty if there is none
   */
  public Decision decide(long size, long end, long oldestSegmentEnd, OptionalLong foreground) {
    if (size < limit) {
      return Decision.APPEND;
    }
    if (foreground.isPresent()) {
      long position = foreground.getAsLong();
      return position >= end || oldestSegmentEnd <= position - KEPT_BEHIND_READER
          ? Decision.EVICT
          : Decision.WAIT;
    }
    return switch (onLimit) {
      case DROP_OLDEST -> Decision.EVICT;
      case BLOCK -> Decision.WAIT;
      case TERMINATE -> Decision.TERMINATE;
    };
  }
}

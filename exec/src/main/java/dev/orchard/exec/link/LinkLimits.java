package dev.orchard.exec.link;

import java.time.Duration;

/** What both ends of the link agree on beforehand (docs/framed-link.md): part of the protocol. */
final class LinkLimits {
  /** Bytes of payload in one frame. */
  static final int MAX_PAYLOAD = 16 * 1024;

  /** Bytes of one message; longer ones end their stream. */
  static final int MAX_MESSAGE = 1024 * 1024;

  /** Bytes that may be under way on a stream in each direction before the reader grants more. */
  static final int WINDOW = 256 * 1024;

  /** Streams that may be open at a time. */
  static final int MAX_STREAMS = 1024;

  /** Bytes of a method's full name. */
  static final int MAX_METHOD = 256;

  /** Bytes of a status' description; the rest is cut off. */
  static final int MAX_DESCRIPTION = 1024;

  static final long HELLO_INTERVAL_NANOS = Duration.ofMillis(500).toNanos();

  static final long PING_INTERVAL_NANOS = Duration.ofSeconds(1).toNanos();

  /**
   * An end that lost the epoch answers PING with LOST, so silence only means that nobody is there:
   * long enough for a guest that a busy host does not let run for seconds.
   */
  static final long SILENCE_NANOS = Duration.ofSeconds(5).toNanos();

  private LinkLimits() {}
}

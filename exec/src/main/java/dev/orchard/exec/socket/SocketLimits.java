package dev.orchard.exec.socket;

import java.time.Duration;

/** What both ends agree on beforehand (docs/protocol.md): part of the protocol. */
public final class SocketLimits {
  /** Bytes of messages that may be under way in each direction before the reader grants more. */
  public static final int WINDOW_BYTES = 256 << 10;

  /** Of one message: a start with 128 KiB of arguments and environment, and what is around it. */
  public static final int MESSAGE_BYTES = 512 << 10;

  /** Each side pings as often. */
  public static final Duration PING = Duration.ofSeconds(15);

  /** Without a word from the other side, the socket is dead. */
  public static final Duration SILENCE = Duration.ofSeconds(45);

  /** For the other side's half of the closing handshake. */
  static final Duration CLOSING = Duration.ofSeconds(10);

  /** What a reader has taken before it grants it again. */
  static final int GRANT_FROM = WINDOW_BYTES / 4;

  private SocketLimits() {}
}

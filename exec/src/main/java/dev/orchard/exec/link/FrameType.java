package dev.orchard.exec.link;

import java.util.Optional;

/** Kinds of frames with their number on the wire. */
enum FrameType {
  /** Host: asks for a new epoch. */
  HELLO(1),
  /** Guest: the epoch begins. */
  WELCOME(2),
  /** Guest: I do not know, or can no longer go on with, the epoch that this frame names. */
  LOST(3),
  /** Host: are you in this epoch? */
  PING(4),
  PONG(5),
  /** Host: a new stream; the payload is the method's full name. */
  OPEN(6),
  /** A slice of the stream's messages, each of which is preceded by its length (u32). */
  DATA(7),
  /** The payload (u32) is how many more bytes of DATA may be sent. */
  CREDIT(8),
  /** Host: no more messages. */
  HALF_CLOSE(9),
  /** Guest: the call's status, code (u8) and description, behind all messages. */
  CLOSE(10),
  /** Host: the call is cancelled; overtakes data. */
  RESET(11);

  private static final FrameType[] TYPES = values();

  private final byte wire;

  FrameType(int wire) {
    this.wire = (byte) wire;
  }

  byte wire() {
    return wire;
  }

  /** Empty for a type that a later version may have added. */
  static Optional<FrameType> of(byte wire) {
    return wire >= 1 && wire <= TYPES.length ? Optional.of(TYPES[wire - 1]) : Optional.empty();
  }
}

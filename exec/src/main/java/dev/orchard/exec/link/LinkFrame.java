package dev.orchard.exec.link;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * One frame whose checksum was right.
 *
 * @param epoch the host's nonce in the upper half, the guest's in the lower
 * @param sequence counts this end's frames of the epoch from 1; 0 for HELLO, WELCOME and LOST
 * @param type empty if this version does not know it
 * @param stream 0 for the link itself
 * @param payload valid until the next frame is decoded
 */
record LinkFrame(
    long epoch, int sequence, Optional<FrameType> type, int stream, ByteBuffer payload) {
  /** crc32 u32, epoch u64, sequence u32, type u8, stream u32; big-endian. */
  static final int HEADER = 21;

  /** The longest frame as it goes over the wire, with a delimiter at either end. */
  static final int MAX_ENCODED = Cobs.maxEncoded(HEADER + LinkLimits.MAX_PAYLOAD) + 2;

  boolean is(FrameType wanted) {
    return type.isPresent() && type.get() == wanted;
  }
}

package dev.orchard.exec.link;

import java.nio.ByteBuffer;
import java.util.zip.CRC32;

/** Turns frames into bytes for the wire. Not thread-safe. */
final class FrameEncoder {
  private final byte[] body = new byte[LinkFrame.HEADER + LinkLimits.MAX_PAYLOAD];
  private final ByteBuffer buffer = ByteBuffer.wrap(body);
  private final CRC32 crc = new CRC32();

  /** The place for a payload before {@link #encode}: {@link LinkLimits#MAX_PAYLOAD} bytes. */
  ByteBuffer payload() {
    return buffer.clear().position(LinkFrame.HEADER);
  }

  /**
   * Writes a frame with what was put into {@link #payload} to {@code into} at {@code at}, which has
   * room for {@link LinkFrame#MAX_ENCODED}; returns the end there.
   */
  int encode(long epoch, int sequence, FrameType type, int stream, byte[] into, int at) {
    int length = buffer.position();
    buffer.putLong(4, epoch).putInt(12, sequence).put(16, type.wire()).putInt(17, stream);
    crc.reset();
    crc.update(body, 4, length - 4);
    buffer.putInt(0, (int) crc.getValue());
    // Delimited on both sides: whatever a dead writer left half said does not swallow this frame.
    into[at] = 0;
    int end = Cobs.encode(body, length, into, at + 1);
    into[end] = 0;
    return end + 1;
  }
}

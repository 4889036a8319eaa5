package dev.orchard.exec.link;

import java.nio.ByteBuffer;
import java.util.function.Consumer;
import java.util.zip.CRC32;

/**
 * Finds the frames in a stream of bytes that may begin anywhere and hold anything. What is too
 * long, malformed or fails its checksum is dropped without a word. Not thread-safe.
 */
final class FrameDecoder {
  private final byte[] encoded = new byte[LinkFrame.MAX_ENCODED];
  private final CRC32 crc = new CRC32();
  private int length;
  private boolean overlong;

  /** Forgets the part of a frame that has arrived so far. */
  void reset() {
    length = 0;
    overlong = false;
  }

  void feed(byte[] bytes, int offset, int count, Consumer<LinkFrame> sink) {
    int end = offset + count;
    int from = offset;
    for (int at = offset; at < end; at++) {
      if (bytes[at] == 0) {
        keep(bytes, from, at - from);
        finish(sink);
        from = at + 1;
      }
    }
    keep(bytes, from, end - from);
  }

  private void keep(byte[] bytes, int from, int count) {
    if (overlong || count > encoded.length - length) {
      overlong = true;
      return;
    }
    System.arraycopy(bytes, from, encoded, length, count);
    length += count;
  }

  private void finish(Consumer<LinkFrame> sink) {
    int decoded = overlong ? -1 : Cobs.decode(encoded, length);
    reset();
    if (decoded < LinkFrame.HEADER) {
      return;
    }
    ByteBuffer body = ByteBuffer.wrap(encoded, 0, decoded);
    crc.reset();
    crc.update(encoded, 4, decoded - 4);
    if (body.getInt() != (int) crc.getValue()) {
      return;
    }
    sink.accept(
        new LinkFrame(
            body.getLong(), body.getInt(), FrameType.of(body.get()), body.getInt(), body));
  }
}

package dev.orchard.exec.log;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The payload of one record of a segment: one byte for the stream, the offset, how much of what
 * lies before was stdout, the bytes. So each readable record tells both counts, whatever became of
 * those before it.
 *
 * @param stream null for the first record of a segment, which has no bytes
 * @param offset of the first byte
 * @param stdoutBefore bytes of stdout before {@code offset}
 */
record Entry(@Nullable StdStream stream, long offset, long stdoutBefore, ByteString data) {
  private static final int HEADER_BYTES = 1 + 2 * Long.BYTES;

  /** Bytes of the largest. */
  static final int MAX_BYTES = HEADER_BYTES + Frame.MAX_DATA;

  private static final byte START = 0;
  private static final byte STDOUT = 1;
  private static final byte STDERR = 2;

  static Entry start(long offset, long stdoutBytes) {
    return new Entry(null, offset, stdoutBytes, ByteString.EMPTY);
  }

  long end() {
    return offset + data.size();
  }

  /** Bytes of stdout before {@link #end}. */
  long stdoutThen() {
    return stream == StdStream.STDOUT ? stdoutBefore + data.size() : stdoutBefore;
  }

  ByteString encode() {
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
    header.put(
        switch (stream) {
          case null -> START;
          case STDOUT -> STDOUT;
          case STDERR -> STDERR;
        });
    header.putLong(offset).putLong(stdoutBefore).flip();
    return UnsafeByteOperations.unsafeWrap(header).concat(data);
  }

  /** Copies the bytes out of {@code payload}. */
  static Entry decode(ByteBuffer payload) throws IOException {
    if (payload.remaining() < HEADER_BYTES) {
      throw new DamagedException("a log's record of %d bytes".formatted(payload.remaining()));
    }
    byte kind = payload.get();
    StdStream stream =
        switch (kind) {
          case START -> null;
          case STDOUT -> StdStream.STDOUT;
          case STDERR -> StdStream.STDERR;
          default -> throw new DamagedException("a log's record of the unknown kind " + kind);
        };
    return new Entry(stream, payload.getLong(), payload.getLong(), ByteString.copyFrom(payload));
  }
}

package dev.orchard.exec.link;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.KnownLength;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** Messages between the marshallers of gRPC, which speak streams, and the link. */
final class MessageBytes extends FilterInputStream implements KnownLength {
  private MessageBytes(ByteString message) {
    super(message.newInput());
  }

  /** For parsing: it tells its length, so that the parser reads it in one go. */
  static InputStream toStream(ByteString message) {
    return new MessageBytes(message);
  }

  static ByteString fromStream(InputStream stream) {
    try (stream) {
      if (stream instanceof KnownLength) {
        byte[] bytes = new byte[stream.available()];
        int length = stream.readNBytes(bytes, 0, bytes.length);
        return UnsafeByteOperations.unsafeWrap(bytes, 0, length);
      }
      return ByteString.readFrom(stream);
    } catch (IOException e) {
      throw new UncheckedIOException("a message that does not serialise", e);
    }
  }
}

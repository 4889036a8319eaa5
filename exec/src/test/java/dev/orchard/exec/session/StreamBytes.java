package dev.orchard.exec.session;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.StdStream;
import java.io.ByteArrayOutputStream;

/** What went through stdout and through stderr at some place. */
final class StreamBytes {
  private final ByteArrayOutputStream stdout = new ByteArrayOutputStream();
  private final ByteArrayOutputStream stderr = new ByteArrayOutputStream();

  private ByteArrayOutputStream of(StdStream stream) {
    return switch (stream) {
      case STDOUT -> stdout;
      case STDERR -> stderr;
    };
  }

  void add(StdStream stream, ByteString data) {
    of(stream).writeBytes(data.toByteArray());
  }

  ByteString bytes(StdStream stream) {
    return ByteString.copyFrom(of(stream).toByteArray());
  }

  int size(StdStream stream) {
    return of(stream).size();
  }
}

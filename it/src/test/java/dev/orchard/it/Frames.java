package dev.orchard.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;

/** What the frames of a session say together. */
record Frames(List<Frame.Out> frames) {
  ByteString bytes(StdStream stream) {
    return frames.stream()
        .filter(Frame.Output.class::isInstance)
        .map(Frame.Output.class::cast)
        .filter(output -> output.stream() == stream)
        .map(Frame.Output::data)
        .reduce(ByteString.EMPTY, ByteString::concat);
  }

  String text(StdStream stream) {
    return bytes(stream).toString(StandardCharsets.UTF_8);
  }

  Frame.Exit exit() {
    assertThat(frames.getLast()).isInstanceOf(Frame.Exit.class);
    return (Frame.Exit) frames.getLast();
  }

  /** Output lies without gap or overlap from the offset on, and agrees with the exit. */
  void areWholeFrom(long offset) {
    long next = offset;
    for (Frame.Out frame : frames) {
      if (frame instanceof Frame.Output output) {
        assertThat(output.offset()).isEqualTo(next);
        next = output.end();
      }
    }
    assertThat(next).isEqualTo(exit().stdoutBytes() + exit().stderrBytes());
  }

  /** As {@link #areWholeFrom}, from the start, and with the digests of what arrived. */
  void areWhole() {
    areWholeFrom(0);
    assertThat(exit().stdoutBytes()).isEqualTo(bytes(StdStream.STDOUT).size());
    assertThat(exit().stdoutSha256()).isEqualTo(sha256(bytes(StdStream.STDOUT)));
    assertThat(exit().stderrSha256()).isEqualTo(sha256(bytes(StdStream.STDERR)));
  }

  static ByteString sha256(ByteString data) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(data.asReadOnlyByteBuffer());
      return ByteString.copyFrom(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}

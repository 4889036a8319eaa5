package dev.orchard.controller.forward;

import com.google.protobuf.ByteString;
import dev.orchard.controller.session.SocketCodec;
import dev.orchard.exec.forward.ForwardFrame;
import dev.orchard.exec.frame.Frame;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A TCP connection as binary messages, whose boundaries mean nothing. An empty message of the
 * client ends its half; the socket ends with the program's half.
 */
public final class RawCodec implements SocketCodec {
  /** Of a close frame, less its code. */
  private static final int MAX_REASON_BYTES = 123;

  private long offset;
  private boolean inMessage;
  private boolean ended;

  @Override
  public Reaction text(String message) {
    return new Close(Close.NOT_TEXT, "a text message: bytes go in binary ones");
  }

  @Override
  public Reaction binary(ByteString part, boolean last) {
    boolean end = last && part.isEmpty() && !inMessage;
    inMessage = !last;
    if (ended && !part.isEmpty()) {
      return new Close(Close.POLICY, "bytes behind the empty message that ended them");
    }
    ended |= end;
    List<Frame.In> frames = new ArrayList<>();
    for (int at = 0; at < part.size() || (end && at == 0); at += ForwardFrame.MAX_DATA) {
      ByteString data = part.substring(at, Math.min(part.size(), at + ForwardFrame.MAX_DATA));
      frames.add(new Frame.Stdin(offset, data, end));
      offset += data.size();
    }
    return new Pass(frames);
  }

  @Override
  public Reaction tooLong() {
    return text("");
  }

  @Override
  public List<Message> encode(Frame.Out frame) {
    return frame instanceof Frame.Output output ? List.of(new Binary(output.data())) : List.of();
  }

  @Override
  public Optional<Ending> end(Frame.@Nullable Out last) {
    return Optional.of(
        last instanceof Frame.Failure failure
            ? new Close(Close.FAILURE, shortened(failure.message()))
            : new Close(Close.NORMAL, "the program has ended the connection"));
  }

  private static String shortened(String text) {
    ByteString bytes = ByteString.copyFromUtf8(text);
    if (bytes.size() <= MAX_REASON_BYTES) {
      return text;
    }
    int length = MAX_REASON_BYTES;
    // Not within a character, whose further bytes all begin with 10.
    while ((bytes.byteAt(length) & 0xC0) == 0x80) {
      length--;
    }
    return bytes.substring(0, length).toStringUtf8();
  }
}

package dev.orchard.exec.frame;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * One attachment's frames as JSON for people: {@code text} in place of {@code data}.
 *
 * <p>Each stream is decoded as UTF-8 by itself, and no character is split between frames: its first
 * bytes wait for the others until the session exits or a gap tears them apart. What is malformed
 * becomes U+FFFD. A frame's offset is that of the first byte of its text. One thread at a time.
 */
public final class TextMode {
  /** So many fit into {@link JsonFrames#MAX_BYTES} even if JSON escapes each of them. */
  static final int MAX_CHARACTERS = 5_000;

  private static final String MALFORMED = "\uFFFD";

  /** The first bytes of a character whose others have not come yet. */
  private record Held(long offset, ByteString bytes) {}

  private final Map<StdStream, Held> held = new EnumMap<>(StdStream.class);
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);

  /**
   * What to send for the attachment's next frame, each as {@link JsonFrames#encode} makes them:
   * nothing for the first bytes of a character, several for long text or a last flush.
   */
  public List<byte[]> encode(Frame.Out frame) {
    return switch (frame) {
      case Frame.Output output -> decode(output);
      case Frame.Exit _, Frame.Gap _ -> {
        List<byte[]> lines = flush();
        lines.add(JsonFrames.encode(frame));
        yield lines;
      }
      case Frame.Started _, Frame.Ack _, Frame.Heartbeat _, Frame.Failure _ ->
          List.of(JsonFrames.encode(frame));
    };
  }

  /** Whether the first bytes of a character wait for the others: no place to resume at. */
  public boolean holdsBytes() {
    return !held.isEmpty();
  }

  private List<byte[]> decode(Frame.Output output) {
    StdStream stream = output.stream();
    Held before = held.getOrDefault(stream, new Held(output.offset(), ByteString.EMPTY));
    ByteBuffer in = before.bytes().concat(output.data()).asReadOnlyByteBuffer();
    // What is held is the beginning of one character: no text starts inside it.
    long shift = output.offset() - before.bytes().size();
    long offset = before.offset();
    CharBuffer out = CharBuffer.allocate(Math.min(in.remaining(), MAX_CHARACTERS));
    List<byte[]> lines = new ArrayList<>();
    decoder.reset();
    CoderResult result;
    do {
      result = decoder.decode(in, out, false);
      out.flip();
      if (out.hasRemaining()) {
        lines.add(JsonFrames.encodeText(stream, offset, out.toString()));
        offset = shift + in.position();
      }
      out.clear();
    } while (result.isOverflow());
    if (in.hasRemaining()) {
      held.put(stream, new Held(offset, ByteString.copyFrom(in)));
    } else {
      held.remove(stream);
    }
    return lines;
  }

  private List<byte[]> flush() {
    List<byte[]> lines = new ArrayList<>();
    held.forEach(
        (stream, rest) -> lines.add(JsonFrames.encodeText(stream, rest.offset(), MALFORMED)));
    held.clear();
    return lines;
  }
}

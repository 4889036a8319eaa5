package dev.orchard.controller.session;

import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.JsonFrames;
import dev.orchard.exec.frame.TextMode;
import java.util.List;

/** How the frames of one streamed response are written. One response's, one thread at a time. */
public sealed interface FrameEncoding {
  String mediaType();

  /** What comes before the first frame. */
  List<byte[]> preamble();

  /** What to write for the next frame: nothing, if its bytes have to wait for others. */
  List<byte[]> encode(Frame.Out frame);

  /** A line for each frame. */
  record Ndjson() implements FrameEncoding {
    @Override
    public String mediaType() {
      return "application/x-ndjson";
    }

    @Override
    public List<byte[]> preamble() {
      return List.of();
    }

    @Override
    public List<byte[]> encode(Frame.Out frame) {
      return List.of(JsonFrames.encode(frame));
    }
  }

  /** The same with text, for people. */
  record Text(TextMode decoder) implements FrameEncoding {
    public Text() {
      this(new TextMode());
    }

    @Override
    public String mediaType() {
      return "application/x-ndjson";
    }

    @Override
    public List<byte[]> preamble() {
      return List.of();
    }

    @Override
    public List<byte[]> encode(Frame.Out frame) {
      return decoder.encode(frame);
    }

    /** Whether a reader could resume behind what has been written. */
    boolean isWhole() {
      return !decoder.holdsBytes();
    }
  }

  /** Server-sent events with what another encoding would have in a line. */
  record Events(FrameEncoding lines) implements FrameEncoding {
    @Override
    public String mediaType() {
      return EventStream.MEDIA_TYPE;
    }

    @Override
    public List<byte[]> preamble() {
      return List.of(EventStream.RETRY);
    }

    @Override
    public List<byte[]> encode(Frame.Out frame) {
      List<byte[]> encoded = lines.encode(frame);
      boolean whole = !(lines instanceof Text text) || text.isWhole();
      return EventStream.events(encoded, whole ? EventStream.id(frame) : null);
    }
  }
}

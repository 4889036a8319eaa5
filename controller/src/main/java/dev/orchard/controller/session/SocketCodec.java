package dev.orchard.controller.session;

import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.JsonFrames;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A dialect of WebSocket messages, with its state for one socket: the only thing in which one kind
 * of socket differs from another.
 *
 * <p>What reads ({@link #text}, {@link #binary}, {@link #tooLong}) is called by the socket's
 * reading thread, what writes ({@link #due}, {@link #encode}, {@link #end}) by its writing one.
 * {@link FrameStream#wake} on the socket's stream makes the writing thread ask for what is {@link
 * #due}.
 */
public interface SocketCodec {
  /** A whole WebSocket message. */
  sealed interface Message {}

  record Text(String text) implements Message {}

  record Binary(ByteString data) implements Message {}

  /** What is done about something that a client sent. */
  sealed interface Reaction {}

  /** It is these frames, in their order; none: it says nothing. */
  record Pass(List<Frame.In> frames) implements Reaction {
    /** It says nothing. */
    public static final Pass NOTHING = new Pass(List.of());

    public Pass {
      frames = List.copyOf(frames);
    }

    public static Pass of(Frame.In frame) {
      return new Pass(List.of(frame));
    }
  }

  /** How a socket ends, though not its session. */
  sealed interface Ending extends Reaction {}

  /**
   * With a closing handshake.
   *
   * @param last sent before it
   * @param code of RFC 6455, section 7.4.1
   * @param reason at most 123 bytes
   */
  record Close(List<Message> last, int code, String reason) implements Ending {
    /** Codes of RFC 6455, section 7.4.1. */
    public static final int NORMAL = 1000;

    public static final int NOT_TEXT = 1003;
    public static final int POLICY = 1008;
    public static final int TOO_BIG = 1009;
    public static final int FAILURE = 1011;

    public Close {
      last = List.copyOf(last);
    }

    public Close(int code, String reason) {
      this(List.of(), code, reason);
    }
  }

  /** Without one: the connection is cut. */
  record Drop() implements Ending {}

  /** Characters that a text message may have. */
  default int maxText() {
    return JsonFrames.MAX_BYTES;
  }

  /** A text message, whole. */
  Reaction text(String message);

  /**
   * A part of a binary message, as long as the client makes its fragments.
   *
   * @param last of its message
   */
  Reaction binary(ByteString part, boolean last);

  /** A text message was longer than {@link #maxText}. */
  Reaction tooLong();

  /** What is to be said before the next frame, whether or not one comes. */
  default List<Message> due() {
    return List.of();
  }

  /** A frame as this dialect says it, which may be nothing at all. */
  List<Message> encode(Frame.Out frame);

  /**
   * How the socket ends behind the last frame, which has been encoded and sent.
   *
   * @param last an exit or a failure; absent where the stream ended regularly without
   * @return empty: not yet, and the socket's stream can be asked again
   */
  Optional<Ending> end(Frame.@Nullable Out last);
}

package dev.orchard.controller.session;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import dev.orchard.exec.frame.Frame;
import dev.orchard.exec.frame.StdStream;
import io.fabric8.kubernetes.api.model.Status;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Kubernetes' remotecommand over WebSocket, as of pods/exec: binary messages whose first byte names
 * a channel. Nothing in it counts the bytes of stdin, so that is done here; and nothing in it can
 * say that output is missing, so a command whose output was not sent whole has failed.
 */
public final class RemoteCommandCodec implements SocketCodec {
  /** What is spoken of it. */
  public enum Version {
    /** With a message that says that stdin ends. */
    V5("v5.channel.k8s.io"),
    /** Without: stdin ends with the socket. */
    V4("v4.channel.k8s.io");

    private final String subprotocol;

    Version(String subprotocol) {
      this.subprotocol = subprotocol;
    }

    public String subprotocol() {
      return subprotocol;
    }

    /** The first one offered that is spoken. */
    public static Optional<Version> of(List<String> offered) {
      return offered.stream()
          .flatMap(
              name -> Arrays.stream(values()).filter(version -> version.subprotocol.equals(name)))
          .findFirst();
    }
  }

  /** What the client asked for; what it did not ask for is neither sent nor taken. */
  public record Streams(boolean stdin, boolean stdout, boolean stderr, boolean tty) {}

  private static final int STDIN = 0;
  private static final int STDOUT = 1;
  private static final int STDERR = 2;
  private static final int ERROR = 3;
  private static final int RESIZE = 4;
  private static final int CLOSE = 255;
  private static final int MAX_RESIZE_BYTES = 1024;
  private static final int MAX_TEXT = 1 << 20;
  private static final int MAX_SIZE = 65_535;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Version version;
  private final Streams streams;

  // The reading thread's own.
  private boolean inMessage;
  private int channel;
  private long stdinOffset;
  private boolean stdinEnded;
  private ByteString size = ByteString.EMPTY;

  // The writing thread's own.
  private boolean greeted;
  private Frame.@Nullable Gap missing;

  public RemoteCommandCodec(Version version, Streams streams) {
    this.version = version;
    this.streams = streams;
    this.stdinEnded = !streams.stdin;
  }

  @Override
  public int maxText() {
    return MAX_TEXT;
  }

  /** Some clients send text as text. To the API server it is the same. */
  @Override
  public Reaction text(String message) {
    return binary(ByteString.copyFromUtf8(message), true);
  }

  @Override
  public Reaction tooLong() {
    return refusal(Close.TOO_BIG, "a text message of more than %d characters".formatted(MAX_TEXT));
  }

  private static Close refusal(int code, String why) {
    return new Close(List.of(status(CommandStatus.unknown(why))), code, why);
  }

  @Override
  public Reaction binary(ByteString part, boolean last) {
    ByteString data = part;
    if (!inMessage) {
      if (part.isEmpty()) {
        return last ? Pass.NOTHING : refusal(Close.POLICY, "a message that begins with nothing");
      }
      channel = Byte.toUnsignedInt(part.byteAt(0));
      data = part.substring(1);
    }
    inMessage = !last;
    return switch (channel) {
      case STDIN -> new Pass(stdin(data));
      case RESIZE -> resize(data, last);
      case CLOSE -> new Pass(close(data));
      // As the API server has it: what nobody listens to says nothing.
      default -> Pass.NOTHING;
    };
  }

  private List<Frame.In> stdin(ByteString data) {
    List<Frame.In> frames = new ArrayList<>();
    for (int from = 0; !stdinEnded && from < data.size(); from += Frame.MAX_DATA) {
      ByteString chunk = data.substring(from, Math.min(data.size(), from + Frame.MAX_DATA));
      frames.add(new Frame.Stdin(stdinOffset, chunk, false));
      stdinOffset += chunk.size();
    }
    return frames;
  }

  /** The client is done with the channel that is named by the message's other byte. */
  private List<Frame.In> close(ByteString data) {
    boolean stdin = version == Version.V5 && !data.isEmpty() && data.byteAt(0) == STDIN;
    if (!stdin || stdinEnded) {
      return List.of();
    }
    stdinEnded = true;
    return List.of(new Frame.Stdin(stdinOffset, ByteString.EMPTY, true));
  }

  private Reaction resize(ByteString part, boolean last) {
    size = size.concat(part);
    if (size.size() > MAX_RESIZE_BYTES) {
      return refusal(Close.TOO_BIG, "a size of more than %d bytes".formatted(MAX_RESIZE_BYTES));
    }
    if (!last) {
      return Pass.NOTHING;
    }
    byte[] whole = size.toByteArray();
    size = ByteString.EMPTY;
    if (!streams.tty) {
      return Pass.NOTHING;
    }
    try {
      JsonNode terminal = JSON.readTree(whole);
      int rows = terminal.path("Height").asInt();
      int cols = terminal.path("Width").asInt();
      // A terminal that is being closed has neither.
      return rows < 1 || cols < 1 || rows > MAX_SIZE || cols > MAX_SIZE
          ? Pass.NOTHING
          : Pass.of(new Frame.Resize(rows, cols));
    } catch (IOException e) {
      return refusal(Close.POLICY, "a size that is no JSON");
    }
  }

  /** The API server's own first message, which tells a client that it is connected. */
  @Override
  public List<Message> due() {
    if (greeted) {
      return List.of();
    }
    greeted = true;
    int lowest = streams.stdout ? STDOUT : streams.stderr ? STDERR : ERROR;
    return List.of(message(lowest, ByteString.EMPTY));
  }

  @Override
  public List<Message> encode(Frame.Out frame) {
    return switch (frame) {
      case Frame.Output output -> output(output);
      case Frame.Gap gap -> {
        missing = missing == null ? gap : new Frame.Gap(missing.from(), gap.to());
        yield List.of();
      }
      case Frame.Exit exit -> List.of(status(CommandStatus.of(exit, missing)));
      case Frame.Failure failure -> List.of(status(CommandStatus.of(failure)));
      case Frame.Started _, Frame.Ack _, Frame.Heartbeat _ -> List.of();
    };
  }

  private List<Message> output(Frame.Output output) {
    boolean stdout = output.stream() == StdStream.STDOUT;
    boolean wanted = stdout ? streams.stdout : streams.stderr;
    return wanted ? List.of(message(stdout ? STDOUT : STDERR, output.data())) : List.of();
  }

  /** Always regularly: clients read the Status only then. A stream without one has failed, too. */
  @Override
  public Optional<Ending> end(Frame.@Nullable Out last) {
    return Optional.of(
        last == null
            ? refusal(Close.NORMAL, "the stream has ended without it")
            : new Close(Close.NORMAL, ""));
  }

  private static Message status(Status status) {
    try {
      return message(ERROR, ByteString.copyFrom(JSON.writeValueAsBytes(status)));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Message message(int channel, ByteString data) {
    return new Binary(ByteString.copyFrom(new byte[] {(byte) channel}).concat(data));
  }
}

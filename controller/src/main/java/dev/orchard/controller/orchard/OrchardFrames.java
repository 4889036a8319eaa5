package dev.orchard.controller.orchard;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import dev.orchard.controller.session.SocketCodec;
import dev.orchard.controller.web.JsonBody;
import dev.orchard.exec.frame.ExitReason;
import dev.orchard.exec.frame.Frame;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Orchard's messages of an exec. A watermark is the offset behind what a message carries, and the
 * exit stands one behind the last byte: they grow, but by more than one.
 */
final class OrchardFrames {
  /** By number from 1, as Linux counts them. */
  private static final List<String> SIGNALS =
      List.of(
          "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
          "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
          "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS");

  private static final int DIED_OF_SIGNAL = 128;

  /** What a client says. */
  sealed interface In {
    /** Input; no data: its end. */
    record Stdin(ByteString data) implements In {}

    record Resize(Frame.Resize size) implements In {}

    record History(long watermark) implements In {}

    record Ack() implements In {}

    record Detach() implements In {}

    record Close() implements In {}
  }

  private OrchardFrames() {}

  /** Empty if it is no message of Orchard's. */
  static Optional<In> parse(String message) {
    try {
      JsonNode json = JsonBody.JSON.readTree(message);
      return switch (json.path("type").asText()) {
        case "stdin" -> Optional.of(new In.Stdin(data(json.path("data"))));
        case "resize" -> resize(json.path("terminal"));
        case "history" -> watermark(json).map(In.History::new);
        case "ack" -> watermark(json).map(_ -> new In.Ack());
        case "detach" -> Optional.of(new In.Detach());
        case "close" -> Optional.of(new In.Close());
        default -> Optional.empty();
      };
    } catch (JsonProcessingException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static ByteString data(JsonNode data) {
    if (data.isMissingNode() || data.isNull()) {
      return ByteString.EMPTY;
    }
    if (!data.isTextual()) {
      throw new IllegalArgumentException("data is no string");
    }
    return ByteString.copyFrom(Base64.getDecoder().decode(data.textValue()));
  }

  private static Optional<In> resize(JsonNode terminal) {
    int rows = terminal.path("rows").asInt();
    int cols = terminal.path("cols").asInt();
    return isSize(rows) && isSize(cols)
        ? Optional.of(new In.Resize(new Frame.Resize(rows, cols)))
        : Optional.empty();
  }

  private static boolean isSize(int lines) {
    return lines > 0 && lines <= 65_535;
  }

  /** Absent: 0. */
  private static Optional<Long> watermark(JsonNode json) {
    JsonNode watermark = json.path("watermark");
    if (watermark.isMissingNode()) {
      return Optional.of(0L);
    }
    // Offsets end long before what a long holds does.
    return watermark.isIntegralNumber() && watermark.bigIntegerValue().signum() >= 0
        ? Optional.of(watermark.canConvertToLong() ? watermark.longValue() : Long.MAX_VALUE)
        : Optional.empty();
  }

  /** At most 24,000 bytes of output, and so less than 32,768 of JSON. */
  static SocketCodec.Message output(Frame.Output output, boolean watermarked) {
    ObjectNode json = typed(output.stream().name().toLowerCase(java.util.Locale.ROOT));
    json.put("data", Base64.getEncoder().encodeToString(output.data().toByteArray()));
    return message(watermarked ? json.put("watermark", end(output)) : json);
  }

  static long end(Frame.Output output) {
    return output.offset() + output.data().size();
  }

  /** Orchard's {@code exit}, or {@code error} where nobody knows a code. */
  static SocketCodec.Message exit(Frame.Exit exit, boolean watermarked) {
    Integer code = code(exit);
    ObjectNode json;
    if (code == null) {
      json = typed("error").put("error", words(exit));
    } else {
      json = typed("exit");
      json.putObject("exit").put("code", code);
    }
    return message(watermarked ? json.put("watermark", end(exit)) : json);
  }

  static long end(Frame.Exit exit) {
    return exit.stdoutBytes() + exit.stderrBytes() + 1;
  }

  private static @Nullable Integer code(Frame.Exit exit) {
    if (exit.reason() == ExitReason.LOST) {
      return null;
    }
    return exit.signal() == null
        ? exit.code()
        : Integer.valueOf(DIED_OF_SIGNAL + SIGNALS.indexOf(exit.signal()) + 1);
  }

  private static String words(Frame.Exit exit) {
    String message = exit.message();
    return exit.reason().word() + (message == null || message.isEmpty() ? "" : ": " + message);
  }

  static SocketCodec.Message error(Frame.Failure failure) {
    return message(typed("error").put("error", failure.message()));
  }

  static SocketCodec.Message noMoreHistory(long watermark) {
    return message(typed("no_more_history").put("watermark", watermark));
  }

  private static ObjectNode typed(String type) {
    return JsonBody.JSON.createObjectNode().put("type", type);
  }

  private static SocketCodec.Message message(ObjectNode json) {
    return new SocketCodec.Text(json.toString());
  }
}

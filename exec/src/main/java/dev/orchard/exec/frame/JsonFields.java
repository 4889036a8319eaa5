package dev.orchard.exec.frame;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonParser.NumberType;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The fields of one JSON object that frames know, and the frame that they make. */
final class JsonFields {
  private static final Set<String> KNOWN =
      Set.of(
          "event",
          "session",
          "pid",
          "bootID",
          "ticket",
          "data",
          "offset",
          "from",
          "to",
          "stdinOffset",
          "code",
          "signal",
          "reason",
          "stdoutBytes",
          "stderrBytes",
          "stdoutSha256",
          "stderrSha256",
          "outputIncomplete",
          "durationMs",
          "message",
          "rows",
          "cols",
          "eof",
          "end");

  /** A value that no field may have: what it is, for the refusal. */
  private record Misfit(String kind) {}

  /** String, Long, Boolean or Misfit; a null is no field. */
  private final Map<String, Object> values;

  private String event = "frame";

  private JsonFields(Map<String, Object> values) {
    this.values = values;
  }

  static JsonFields read(byte[] json) {
    if (json.length > JsonFrames.MAX_BYTES) {
      throw new InvalidFrameException(
          "frame",
          "%d bytes of JSON, at most %d: send several frames"
              .formatted(json.length, JsonFrames.MAX_BYTES));
    }
    Map<String, Object> values = new HashMap<>();
    try (JsonParser parser = JsonFrames.JSON.createParser(json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new InvalidFrameException(
            "frame", "no JSON object: send {\"event\":…} and its fields");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        parser.nextToken();
        if (KNOWN.contains(field)) {
          Object value = value(parser);
          if (value != null) {
            values.put(field, value);
          }
        } else {
          parser.skipChildren();
        }
      }
      if (parser.nextToken() != null) {
        throw new InvalidFrameException(
            "frame", "more than one JSON value: send each frame by itself");
      }
    } catch (JsonProcessingException e) {
      throw new InvalidFrameException(
          "frame", "no JSON that frames allow: " + Checks.quoted(e.getOriginalMessage(), 200));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new JsonFields(values);
  }

  private static @Nullable Object value(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case VALUE_STRING -> parser.getText();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      case VALUE_NUMBER_INT ->
          parser.getNumberType() == NumberType.BIG_INTEGER
              ? new Misfit("a number beyond 64 bits")
              : Long.valueOf(parser.getLongValue());
      case VALUE_NUMBER_FLOAT -> new Misfit("a fraction");
      case START_OBJECT -> {
        parser.skipChildren();
        yield new Misfit("an object");
      }
      case START_ARRAY -> {
        parser.skipChildren();
        yield new Misfit("an array");
      }
      case END_OBJECT, END_ARRAY, FIELD_NAME, VALUE_EMBEDDED_OBJECT, NOT_AVAILABLE ->
          throw new IllegalStateException("a field's value is " + parser.currentToken());
    };
  }

  Frame frame() {
    event = text("event");
    return switch (event) {
      case "started" ->
          new Frame.Started(
              textOr("session", ""),
              numberOr("pid", 0),
              textOr("bootID", ""),
              textOr("ticket", ""));
      case "stdout" -> new Frame.Output(StdStream.STDOUT, number("offset"), data());
      case "stderr" -> new Frame.Output(StdStream.STDERR, number("offset"), data());
      case "gap" -> new Frame.Gap(number("from"), number("to"));
      case "ack" -> new Frame.Ack(number("stdinOffset"));
      case "heartbeat" -> new Frame.Heartbeat(textOr("ticket", ""));
      case "exit" -> exit();
      case "error" -> new Frame.Failure(errorCode(), textOr("message", ""), numberOr("end", 0));
      case "stdin" -> {
        boolean eof = flag("eof");
        ByteString data = eof && !values.containsKey("data") ? ByteString.EMPTY : data();
        yield new Frame.Stdin(number("offset"), data, eof);
      }
      case "resize" -> new Frame.Resize(size("rows"), size("cols"));
      case "signal" -> new Frame.Signal(text("signal"));
      case "detach" -> new Frame.Detach();
      default ->
          throw new InvalidFrameException(
              "event", Checks.quoted(event) + " is not known: check the peer's capabilities");
    };
  }

  InvalidFrameException wrongWay(String problem) {
    return new InvalidFrameException("event", Checks.quoted(event) + problem);
  }

  private Frame.Exit exit() {
    return new Frame.Exit(
        values.containsKey("code") ? Integer.valueOf(size("code")) : null,
        optionalText("signal"),
        exitReason(),
        number("stdoutBytes"),
        number("stderrBytes"),
        digest("stdoutSha256"),
        digest("stderrSha256"),
        flag("outputIncomplete"),
        Duration.ofMillis(number("durationMs")),
        optionalText("message"));
  }

  private ExitReason exitReason() {
    String word = text("reason");
    return ExitReason.ofWord(word).orElseThrow(() -> refusal("reason", unknown(word)));
  }

  private ErrorCode errorCode() {
    String word = text("code");
    return ErrorCode.ofWord(word).orElseThrow(() -> refusal("code", unknown(word)));
  }

  private static String unknown(String word) {
    return Checks.quoted(word) + " is not known to this version";
  }

  private ByteString data() {
    String base64 = text("data");
    try {
      return UnsafeByteOperations.unsafeWrap(Base64.getDecoder().decode(base64));
    } catch (IllegalArgumentException _) {
      throw refusal("data", "no base64: use the standard alphabet and padding, without line ends");
    }
  }

  private @Nullable ByteString digest(String field) {
    String hex = optionalText(field);
    if (hex == null) {
      return null;
    }
    try {
      return ByteString.copyFrom(HexFormat.of().parseHex(hex));
    } catch (IllegalArgumentException _) {
      throw refusal(field, Checks.quoted(hex) + " is not hexadecimal");
    }
  }

  private String text(String field) {
    String text = optionalText(field);
    if (text == null) {
      throw refusal(field, "missing: must be a string");
    }
    return text;
  }

  private String textOr(String field, String absent) {
    String text = optionalText(field);
    return text == null ? absent : text;
  }

  private @Nullable String optionalText(String field) {
    return switch (values.get(field)) {
      case null -> null;
      case String text -> text;
      case Object other -> throw refusal(field, kind(other) + ", must be a string");
    };
  }

  private long number(String field) {
    if (!values.containsKey(field)) {
      throw refusal(field, "missing: must be a whole number");
    }
    return numberOr(field, 0);
  }

  private long numberOr(String field, long absent) {
    return switch (values.get(field)) {
      case null -> absent;
      case Long number -> number;
      case Object other -> throw refusal(field, kind(other) + ", must be a whole number");
    };
  }

  /** The record says what is allowed; this keeps what is far too large from wrapping around. */
  private int size(String field) {
    return Math.clamp(number(field), Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  private boolean flag(String field) {
    return switch (values.get(field)) {
      case null -> false;
      case Boolean flag -> flag;
      case Object other -> throw refusal(field, kind(other) + ", must be true or false");
    };
  }

  private static String kind(Object value) {
    return switch (value) {
      case String _ -> "a string";
      case Long _ -> "a number";
      case Boolean _ -> "a truth value";
      case Misfit(String kind) -> kind;
      default -> throw new IllegalStateException("a field's value is " + value.getClass());
    };
  }

  private InvalidFrameException refusal(String field, String problem) {
    return new InvalidFrameException(event.equals("frame") ? field : event + "." + field, problem);
  }
}

package dev.orchard.exec.frame;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Frames as JSON objects with the event's name in {@code event}, as {@code docs/protocol.md}
 * describes them. What is empty or absent has no field.
 */
public final class JsonFrames {
  /** No frame's JSON is longer, and none longer is read. */
  public static final int MAX_BYTES = 32 * 1024;

  /**
   * Virtual threads come by the thousand: a shared pool of buffers, not one for each of them. Names
   * of fields come from clients: none is kept for ever.
   */
  static final JsonFactory JSON =
      JsonFactory.builder()
          .recyclerPool(JsonRecyclerPools.sharedConcurrentDequePool())
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CHARSET_DETECTION)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(8)
                  .maxNameLength(256)
                  .maxNumberLength(32)
                  .maxStringLength(MAX_BYTES)
                  .build())
          .build();

  private static final HexFormat HEX = HexFormat.of();

  private JsonFrames() {}

  /** One line in UTF-8, with its line feed at the end, which is also a whole JSON text. */
  public static byte[] encode(Frame frame) {
    return line(sizeHint(frame), json -> write(json, frame));
  }

  /**
   * The frame in one JSON object, with or without white space around it.
   *
   * @throws InvalidFrameException for what is not JSON, too long, deeply nested, lacks a field or
   *     breaks the schema; unknown fields are ignored
   */
  public static Frame decode(byte[] json) {
    return JsonFields.read(json).frame();
  }

  /** As {@link #decode}, from a client: refuses what only sessions send. */
  public static Frame.In decodeIn(byte[] json) {
    JsonFields fields = JsonFields.read(json);
    if (fields.frame() instanceof Frame.In in) {
      return in;
    }
    throw fields.wrongWay(
        " comes from sessions alone: send stdin, resize, signal, detach or heartbeat");
  }

  /** As {@link #decode}, from a session: refuses what only clients send. */
  public static Frame.Out decodeOut(byte[] json) {
    JsonFields fields = JsonFields.read(json);
    if (fields.frame() instanceof Frame.Out out) {
      return out;
    }
    throw fields.wrongWay(" comes from clients alone");
  }

  /** What stands in for an output frame where text was asked for. */
  static byte[] encodeText(StdStream stream, long offset, String text) {
    return line(
        64 + 2 * text.length(),
        json -> {
          json.writeStringField("event", name(stream));
          json.writeStringField("text", text);
          json.writeNumberField("offset", offset);
        });
  }

  private static int sizeHint(Frame frame) {
    return switch (frame) {
      case Frame.Output output -> 64 + output.data().size() / 3 * 4;
      case Frame.Stdin stdin -> 64 + stdin.data().size() / 3 * 4;
      case Frame.Started _, Frame.Exit _, Frame.Failure _ -> 512;
      case Frame.Gap _,
          Frame.Ack _,
          Frame.Heartbeat _,
          Frame.Resize _,
          Frame.Signal _,
          Frame.Detach _ ->
          96;
    };
  }

  private interface Fields {
    void write(JsonGenerator json) throws IOException;
  }

  private static byte[] line(int sizeHint, Fields fields) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(sizeHint);
    try (JsonGenerator json = JSON.createGenerator(bytes, JsonEncoding.UTF8)) {
      json.writeStartObject();
      fields.write(json);
      json.writeEndObject();
      json.writeRaw('\n');
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void write(JsonGenerator json, Frame frame) throws IOException {
    switch (frame) {
      case Frame.Started(String session, long pid, String bootId, String ticket) -> {
        json.writeStringField("event", "started");
        writeText(json, "session", session);
        if (pid != 0) {
          json.writeNumberField("pid", pid);
        }
        writeText(json, "bootID", bootId);
        writeText(json, "ticket", ticket);
      }
      case Frame.Output(StdStream stream, long offset, ByteString data) -> {
        json.writeStringField("event", name(stream));
        writeData(json, data);
        json.writeNumberField("offset", offset);
      }
      case Frame.Gap(long from, long to) -> {
        json.writeStringField("event", "gap");
        json.writeNumberField("from", from);
        json.writeNumberField("to", to);
      }
      case Frame.Ack(long stdinOffset) -> {
        json.writeStringField("event", "ack");
        json.writeNumberField("stdinOffset", stdinOffset);
      }
      case Frame.Heartbeat(String ticket) -> {
        json.writeStringField("event", "heartbeat");
        writeText(json, "ticket", ticket);
      }
      case Frame.Exit exit -> writeExit(json, exit);
      case Frame.Failure(ErrorCode code, String message, long end) -> {
        json.writeStringField("event", "error");
        json.writeStringField("code", code.word());
        writeText(json, "message", message);
        if (code == ErrorCode.OFFSET_AHEAD_OF_LOG) {
          json.writeNumberField("end", end);
        }
      }
      case Frame.Stdin(long offset, ByteString data, boolean eof) -> {
        json.writeStringField("event", "stdin");
        if (!data.isEmpty()) {
          writeData(json, data);
        }
        json.writeNumberField("offset", offset);
        if (eof) {
          json.writeBooleanField("eof", true);
        }
      }
      case Frame.Resize(int rows, int cols) -> {
        json.writeStringField("event", "resize");
        json.writeNumberField("rows", rows);
        json.writeNumberField("cols", cols);
      }
      case Frame.Signal(String signal) -> {
        json.writeStringField("event", "signal");
        json.writeStringField("signal", signal);
      }
      case Frame.Detach() -> json.writeStringField("event", "detach");
    }
  }

  private static void writeExit(JsonGenerator json, Frame.Exit exit) throws IOException {
    json.writeStringField("event", "exit");
    if (exit.code() != null) {
      json.writeNumberField("code", exit.code());
    }
    writeText(json, "signal", exit.signal());
    json.writeStringField("reason", exit.reason().word());
    json.writeNumberField("stdoutBytes", exit.stdoutBytes());
    json.writeNumberField("stderrBytes", exit.stderrBytes());
    writeDigest(json, "stdoutSha256", exit.stdoutSha256());
    writeDigest(json, "stderrSha256", exit.stderrSha256());
    json.writeBooleanField("outputIncomplete", exit.outputIncomplete());
    json.writeNumberField("durationMs", exit.duration().toMillis());
    writeText(json, "message", exit.message());
  }

  private static void writeText(JsonGenerator json, String field, @Nullable String text)
      throws IOException {
    if (text != null && !text.isEmpty()) {
      json.writeStringField(field, text);
    }
  }

  private static void writeDigest(JsonGenerator json, String field, @Nullable ByteString digest)
      throws IOException {
    if (digest != null) {
      json.writeStringField(field, HEX.formatHex(digest.toByteArray()));
    }
  }

  /** The JDK's base64 runs on vector instructions, the generator's own does not. */
  private static void writeData(JsonGenerator json, ByteString data) throws IOException {
    byte[] base64 = Base64.getEncoder().encode(data.toByteArray());
    json.writeFieldName("data");
    json.writeRawUTF8String(base64, 0, base64.length);
  }

  static String name(StdStream stream) {
    return stream.name().toLowerCase(Locale.ROOT);
  }
}

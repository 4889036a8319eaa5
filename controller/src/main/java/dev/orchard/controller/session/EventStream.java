package dev.orchard.controller.session;

import dev.orchard.exec.frame.Frame;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Frames as server-sent events: the frame's name as the event's, its JSON as the data, and as the
 * id the offset to resume from, which a browser sends back in {@code Last-Event-ID}.
 */
public final class EventStream {
  public static final String MEDIA_TYPE = "text/event-stream";

  /** The id behind an exit: there is nothing to resume. */
  public static final String END = "exit";

  /** A client that was cut off may come back so soon. */
  static final byte[] RETRY = "retry: 1000\n\n".getBytes(StandardCharsets.US_ASCII);

  private static final String NAME_PREFIX = "{\"event\":\"";

  private EventStream() {}

  /** Where a reader resumes that has this frame; absent where it does not move. */
  static @Nullable String id(Frame.Out frame) {
    return switch (frame) {
      case Frame.Output output -> Long.toString(output.end());
      case Frame.Gap(long from, long to) -> Long.toString(to);
      case Frame.Exit _ -> END;
      case Frame.Started _, Frame.Ack _, Frame.Heartbeat _, Frame.Failure _ -> null;
    };
  }

  /** Wraps lines of JSON, each of which begins with its name. Only the last one gets the id. */
  static List<byte[]> events(List<byte[]> lines, @Nullable String id) {
    List<byte[]> events = new ArrayList<>();
    for (byte[] line : lines) {
      boolean last = events.size() == lines.size() - 1;
      events.add(event(line, last ? id : null));
    }
    return events;
  }

  private static byte[] event(byte[] line, @Nullable String id) {
    int begin = NAME_PREFIX.length();
    int end = begin;
    while (line[end] != '"') {
      end++;
    }
    String head =
        "event: %s\n%sdata: "
            .formatted(
                new String(line, begin, end - begin, StandardCharsets.US_ASCII),
                id == null ? "" : "id: " + id + "\n");
    ByteArrayOutputStream event = new ByteArrayOutputStream(head.length() + line.length + 1);
    event.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
    event.writeBytes(line);
    event.write('\n');
    return event.toByteArray();
  }
}

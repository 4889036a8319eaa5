package dev.orchard.controller.web;

import dev.orchard.controller.session.EventStream;
import dev.orchard.controller.session.FrameEncoding;
import dev.orchard.controller.session.FrameStream;
import dev.orchard.controller.session.StreamRelay;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A session's frames as the body of a response. It has a regular end behind {@code exit} or {@code
 * error} alone, or where a reader has asked for what there is now; whatever else ends it breaks the
 * connection.
 */
public final class FrameBody {
  private static final Logger log = LoggerFactory.getLogger(FrameBody.class);

  private final StreamRelay relay;

  public FrameBody(StreamRelay relay) {
    this.relay = relay;
  }

  /** As the request accepts it: server-sent events if it names them, else lines. */
  public static FrameEncoding encoding(ServerRequest request) {
    FrameEncoding lines =
        Requests.flag(request.query(), "text")
            ? new FrameEncoding.Text()
            : new FrameEncoding.Ndjson();
    return Requests.accepts(request.headers(), EventStream.MEDIA_TYPE)
        ? new FrameEncoding.Events(lines)
        : lines;
  }

  /**
   * Returns once the body is sent.
   *
   * @param first a frame that was read already
   */
  public void send(
      ServerResponse response,
      FrameStream stream,
      FrameStream.@Nullable Next first,
      FrameEncoding encoding) {
    response.headers().set(HeaderNames.CONTENT_TYPE, encoding.mediaType());
    OutputStream out = response.outputStream();
    try {
      relay.run(stream, first, encoding, out);
      close(out);
    } catch (IOException e) {
      // Whoever read has gone or takes nothing.
      throw new CloseConnectionException("reader given up: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      log.error("stream broke off", e);
      throw new CloseConnectionException("a defect of the controller", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CloseConnectionException("the server stops", e);
    }
  }

  private static void close(OutputStream out) throws IOException {
    try {
      out.close();
    } catch (RuntimeException e) {
      // Helidon wraps what its sockets throw.
      throw new IOException(e);
    }
  }
}

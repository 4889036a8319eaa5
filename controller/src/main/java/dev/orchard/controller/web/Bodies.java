package dev.orchard.controller.web;

import dev.orchard.controller.problem.ApiException;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.InputStream;
import java.time.Duration;

/** JSON in and out of requests. */
public final class Bodies {
  private static final Duration JSON_PATIENCE = Duration.ofSeconds(30);

  /** Stdin may trickle for as long as a command may run by default. */
  private static final Duration STREAM_PATIENCE = Duration.ofDays(1);

  private Bodies() {}

  /** The request's JSON object. */
  public static JsonBody read(ServerRequest request) {
    // Asked first: an entity that is not there has no stream.
    if (!request.content().hasEntity()) {
      throw ApiException.invalid("body", "it is missing: send a JSON object");
    }
    return JsonBody.read(new BodyStream(request.content().inputStream(), JSON_PATIENCE));
  }

  /** The body's bytes; none where there is no body. */
  static InputStream stream(ServerRequest request) {
    return request.content().hasEntity()
        ? new BodyStream(request.content().inputStream(), STREAM_PATIENCE)
        : InputStream.nullInputStream();
  }

  /** Answers with JSON. */
  public static void json(ServerResponse response, Object body) {
    response.headers().set(HeaderNames.CONTENT_TYPE, "application/json");
    response.headers().set(HeaderNames.CACHE_CONTROL, "no-store");
    response.send(Problems.bytes(body));
  }
}

package dev.orchard.controller.web;

import dev.orchard.controller.problem.ApiException;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.InputStream;

/** JSON in and out of requests. */
public final class Bodies {
  private Bodies() {}

  /** The request's JSON object. */
  public static JsonBody read(ServerRequest request) {
    // Asked first: an entity that is not there has no stream.
    if (!request.content().hasEntity()) {
      throw ApiException.invalid("body", "it is missing: send a JSON object");
    }
    return JsonBody.read(request.content().inputStream());
  }

  /** The body's bytes; none where there is no body. */
  static InputStream stream(ServerRequest request) {
    return request.content().hasEntity()
        ? request.content().inputStream()
        : InputStream.nullInputStream();
  }

  /** Answers with JSON. */
  public static void json(ServerResponse response, Object body) {
    response.headers().set(HeaderNames.CONTENT_TYPE, "application/json");
    response.headers().set(HeaderNames.CACHE_CONTROL, "no-store");
    response.send(Problems.bytes(body));
  }
}
